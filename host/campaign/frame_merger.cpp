// SPDX-License-Identifier: Apache-2.0
#include "campaign/frame_merger.h"

#include <algorithm>
#include <utility>

namespace ordeal {

FrameMerger::FrameMerger(std::uint64_t start_ns, std::uint64_t interval_ns, std::size_t workers)
    : start_ns_(start_ns),
      interval_ns_(std::max<std::uint64_t>(interval_ns, 1)),
      workers_(workers) {}

void FrameMerger::leave(std::size_t worker) {
  workers_[worker].joined = false;
  workers_[worker].in_flight = workers_[worker].sessions_open = 0;
}

void FrameMerger::add(std::size_t number, const IntervalFrame& frame) {
  Worker& worker = workers_[number];
  const std::uint64_t since = frame.end_ns - std::min(frame.end_ns, start_ns_);
  // The slot whose end comes next: timers fire a little behind it, hence the eighth.
  const std::uint64_t slot =
      std::max<std::uint64_t>((since + interval_ns_ - interval_ns_ / 8) / interval_ns_, 1);
  worker.told = std::max(worker.told, slot + 1);
  worker.in_flight = frame.in_flight;
  worker.sessions_open = frame.sessions_open;
  const auto [found, first] = open_.try_emplace(std::max(slot, first_open_));
  IntervalFrame& sum = found->second;
  if (first) {
    sum.load = frame.load;
    sum.generation = frame.generation;
    sum.start_ns = frame.start_ns;
    sum.end_ns = frame.end_ns;
  }
  sum.generation = std::max(sum.generation, frame.generation);
  sum.start_ns = std::min(sum.start_ns, frame.start_ns);
  sum.end_ns = std::max(sum.end_ns, frame.end_ns);
  ordeal::add(sum, frame);
}

std::optional<IntervalFrame> FrameMerger::next() {
  if (open_.empty()) return std::nullopt;
  const std::uint64_t slot = open_.begin()->first;
  const bool whole =
      open_.size() > 1 || std::all_of(workers_.begin(), workers_.end(), [slot](const Worker& one) {
        return !one.joined || one.told > slot;
      });
  if (!whole) return std::nullopt;
  IntervalFrame frame = std::move(open_.begin()->second);
  open_.erase(open_.begin());
  first_open_ = slot + 1;
  frame.start_ns = std::max(frame.start_ns, end_ns_);  // a gap before it stays one
  frame.end_ns = end_ns_ = std::max(frame.end_ns, frame.start_ns);
  frame.seq = seq_++;
  frame.in_flight = frame.sessions_open = 0;
  for (const Worker& worker : workers_) {
    frame.in_flight += worker.in_flight;
    frame.sessions_open += worker.sessions_open;
  }
  return frame;
}

}  // namespace ordeal
