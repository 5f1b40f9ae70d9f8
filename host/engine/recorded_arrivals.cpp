// SPDX-License-Identifier: Apache-2.0
#include "engine/recorded_arrivals.h"

#include <algorithm>

#include "engine/arrivals.h"

namespace ordeal {

Result<RecordedArrivals> RecordedArrivals::make(const LoadSpec& spec,
                                                const std::vector<std::string>& kinds) {
  auto file = ArrivalFile::open(spec.arrivals_file);
  if (!file) return std::move(file).error();
  if (spec.arrivals_identity != FileIdentity{} && file->identity() != spec.arrivals_identity) {
    Error error;
    error.code = ExitCode::invalid_config;
    error.what = "arrivals: " + spec.arrivals_file + " has been changed since it was checked";
    return error;
  }
  RecordedArrivals result;
  result.file_ = std::move(file).value();
  result.kinds_ = kinds;
  result.from_ = spec.deal_from;
  result.to_ = spec.deal_to;
  result.speed_ = spec.speed;
  result.base_ns_ = spec.start_ns;
  result.base_s_ = static_cast<double>(spec.elapsed_ns) / 1e9 * spec.speed;
  do {
    if (auto read = result.read(); !read) return std::move(read).error();
  } while (!result.ended_ && result.next_s_ < result.base_s_);
  result.find_next();
  return result;
}

// The next arrival that is ours.
Result<void> RecordedArrivals::read() {
  ArrivalFile::Line line;
  for (;;) {
    auto more = file_.next(line);
    ended_ = !more || !*more;
    if (!more) return std::move(more).error();
    if (ended_) return {};
    if (ArrivalFile::dealt(file_.count() - 1, from_, to_)) break;
  }
  next_s_ = line.seconds;
  kind_.reset();
  if (line.kind.empty()) return {};
  const auto found = std::find(kinds_.begin(), kinds_.end(), line.kind);
  if (found != kinds_.end()) {
    kind_ = static_cast<std::uint32_t>(found - kinds_.begin());
    return {};
  }
  ended_ = true;
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = "arrivals: the scenario has no operation kind '" + std::string(line.kind) + "'";
  return error;
}

void RecordedArrivals::advance() {
  // The controller has read the whole file before: an error means that it has changed since.
  if (!read()) broken_ = true;
  find_next();
}

void RecordedArrivals::find_next() {
  next_ns_ = Arrivals::never;
  if (ended_ || factor_ <= 0) return;
  const double after = std::max(0.0, next_s_ - base_s_) * 1e9 / (speed_ * factor_);
  if (after < 9e18) next_ns_ = base_ns_ + static_cast<std::uint64_t>(after);
}

void RecordedArrivals::set_factor(std::uint64_t now_ns, double factor) {
  if (now_ns > base_ns_) {
    base_s_ += static_cast<double>(now_ns - base_ns_) / 1e9 * speed_ * factor_;
    base_ns_ = now_ns;
  }
  factor_ = factor;
  find_next();
}

}  // namespace ordeal
