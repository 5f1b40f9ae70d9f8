// SPDX-License-Identifier: Apache-2.0
#include "silence.h"

#include <limits>

#include "wording.h"

namespace rules {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t longest_grace = 3600 * second;

}  // namespace

Silence::Silence(Config& config, std::uint64_t window_ns) {
  const std::uint64_t grace = config.duration("grace", 60 * second);
  if (grace > longest_grace) config.refuse("grace", "at most 1h: missing data are a violation");
  patience_ns_ = window_ns > std::numeric_limits<std::uint64_t>::max() - grace
                     ? std::numeric_limits<std::uint64_t>::max()
                     : window_ns + grace;
  at_once_ = config.verdict("missing", ORDEAL_VERDICT_WARN);
}

std::uint32_t Silence::judge(std::uint64_t now_ns) {
  const std::uint64_t silent = length(now_ns);
  if (silent <= patience_ns_) {
    overdue_ = 0;
    return ORDEAL_VERDICT_OK;
  }
  // The same moment judged again is no further judgement.
  if (now_ns > judged_ns_ || overdue_ == 0) ++overdue_;
  judged_ns_ = now_ns;
  std::uint32_t level = ORDEAL_VERDICT_WARN;
  if (overdue_ >= 3) level = ORDEAL_VERDICT_THROTTLE;
  if (overdue_ >= 6 && silent - patience_ns_ >= 2 * second) level = ORDEAL_VERDICT_STOP_PHASE;
  return std::max(level, at_once_);
}

std::string Silence::reason(const std::string& what, const std::string& limit,
                            std::uint64_t now_ns) const {
  return "no data for " + what + " for " + seconds(length(now_ns)) + ": its limit of " + limit +
         " is not being watched";
}

}  // namespace rules
