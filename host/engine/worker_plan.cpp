// SPDX-License-Identifier: Apache-2.0
// What a load spec says, checked and turned into what the worker looks things up in.
#include <algorithm>
#include <cmath>

#include "engine/worker_impl.h"

namespace ordeal {

namespace {

// Every arrival is counted, also those there is no time for: more than this, and a worker that has
// fallen behind would never get to anything else.
constexpr double max_rate = 1e7;
constexpr std::uint64_t max_timeout_ns = 1'000'000'000'000'000;  // so that sums cannot overflow

Error bad(std::string what, std::string expected) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.expected = std::move(expected);
  return error;
}

bool usable(double rate) { return rate >= 0 && rate <= max_rate; }

}  // namespace

Result<void> Worker::Impl::plan_kinds(const LoadSpec& spec) {
  std::vector<std::uint64_t> timeouts(info_.kinds.size(), spec.timeout_ns);
  for (const auto& [name, timeout] : spec.timeouts) {
    const auto found = std::find(info_.kinds.begin(), info_.kinds.end(), name);
    if (found == info_.kinds.end()) {
      std::string known;
      for (const std::string& kind : info_.kinds) known += (known.empty() ? "" : ", ") + kind;
      return bad("timeouts: the scenario has no operation kind '" + name + "'", "one of " + known);
    }
    if (timeout == 0) return bad("timeouts: that of '" + name + "' is 0", "above 0");
    timeouts[static_cast<std::size_t>(found - info_.kinds.begin())] = timeout;
  }
  std::vector<std::uint64_t> lanes;
  kinds_.clear();
  longest_timeout_ns_ = 0;
  for (std::uint64_t timeout : timeouts) {
    timeout = std::min(timeout, max_timeout_ns);
    const auto same = std::find(lanes.begin(), lanes.end(), timeout);
    kinds_.push_back({timeout, static_cast<std::uint32_t>(same - lanes.begin())});
    if (same == lanes.end()) lanes.push_back(timeout);
    longest_timeout_ns_ = std::max(longest_timeout_ns_, timeout);
  }
  operations_.set_lanes(lanes.size());
  again_line_.reset(lanes);
  waiting_.reset(std::move(lanes));
  return {};
}

Result<void> Worker::Impl::plan_arrivals() {
  recorded_.reset();
  if (!open_load()) return {};
  if (spec_.arrivals == LoadSpec::Arrivals::recorded) {
    if (!(spec_.speed > 0 && std::isfinite(spec_.speed)))
      return bad("speed: " + std::to_string(spec_.speed), "above 0");
    auto recorded = RecordedArrivals::make(spec_, info_.kinds);
    if (!recorded) return std::move(recorded).error();
    recorded_ = std::move(recorded).value();
    return {};
  }
  std::vector<RatePiece> pieces = spec_.rates;
  if (pieces.empty()) pieces.push_back({spec_.rate, spec_.rate, 0});
  double highest = 0;
  for (const RatePiece& piece : pieces) {
    for (const double rate : {piece.from, piece.to})
      if (!usable(rate))
        return bad("rate: " + std::to_string(rate), "at least 0 and at most 1e7 per second");
    highest = std::max({highest, piece.from, piece.to});
  }
  if (!(highest > 0)) return bad("rate: 0", "above 0 and at most 1e7 per second");
  spec_.rate = highest;
  std::optional<Random> random;
  if (spec_.arrivals == LoadSpec::Arrivals::poisson)
    random = Random(spec_.seed, Random::Stream::arrivals);
  arrivals_ =
      Arrivals(spec_.start_ns, std::move(pieces), spec_.elapsed_ns, spec_.first_gap, random);
  return {};
}

// As many as arrive within a timeout, within bounds.
std::size_t Worker::Impl::waiting_room() const {
  const double rate = open_load() ? spec_.rate * (recorded_ ? spec_.speed : 1) : 0;
  const double timeout = static_cast<double>(longest_timeout_ns_) / 1e9;
  return static_cast<std::size_t>(std::clamp(std::ceil(rate * timeout), 1024.0, 1e6));
}

}  // namespace ordeal
