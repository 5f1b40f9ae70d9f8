// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/interval.h"
#include "base/outcome.h"

namespace ordeal {

/// Counts and histograms of the interval in progress. Nothing is allocated while recording, but for
/// the first value of each histogram. One thread.
class IntervalRecorder {
 public:
  IntervalRecorder() = default;
  IntervalRecorder(std::size_t kinds, std::size_t marks, std::uint32_t unit_ns)
      : marks_(marks), unit_ns_(unit_ns), slots_(kinds) {
    for (std::uint32_t i = 0; i < kinds; ++i) fresh(i);
  }

  /// The frame's own counts. Its kinds are empty and its times are not set.
  IntervalFrame& counts() { return frame_; }
  /// The numbers of one kind; the kind is then part of the next frame.
  KindInterval& kind(std::uint32_t index) {
    slots_[index].touched = true;
    return slots_[index].interval;
  }
  /// Counts one outcome, and its code when that says why something failed.
  void outcome(std::uint32_t kind_index, Outcome outcome, std::int64_t code) {
    KindInterval& k = kind(kind_index);
    ++k.outcomes[static_cast<std::size_t>(outcome)];
    if (code != 0 && outcome != Outcome::ok) add_code(k, code);
  }

  /// Everything since the last call; the new interval starts empty.
  IntervalFrame swap(std::uint64_t now_ns) {
    frame_.end_ns = now_ns;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      if (!slots_[i].touched) continue;
      frame_.kinds.push_back(std::move(slots_[i].interval));
      fresh(i);
    }
    IntervalFrame result = std::exchange(frame_, IntervalFrame{});
    frame_.seq = result.seq + 1;
    frame_.start_ns = now_ns;
    return result;
  }

 private:
  static constexpr std::size_t max_codes = 16;
  struct Slot {
    KindInterval interval;
    bool touched = false;
  };

  // Beyond the bound the last place becomes code 0, "others".
  static void add_code(KindInterval& k, std::int64_t code) {
    for (auto& [known, count] : k.codes)
      if (known == code) {
        ++count;
        return;
      }
    if (k.codes.size() + 1 < max_codes) {
      k.codes.emplace_back(code, 1);
    } else if (k.codes.size() < max_codes) {
      k.codes.emplace_back(0, 1);
    } else {
      ++k.codes.back().second;
    }
  }
  void fresh(std::uint32_t index) {
    Slot& slot = slots_[index];
    slot.touched = false;
    slot.interval = KindInterval{};
    slot.interval.kind = index;
    slot.interval.latency = Histogram(unit_ns_);
    slot.interval.service = Histogram(unit_ns_);
    slot.interval.marks.assign(marks_, Histogram(unit_ns_));
  }

  std::size_t marks_ = 0;
  std::uint32_t unit_ns_ = 1;
  std::vector<Slot> slots_;
  IntervalFrame frame_;
};

}  // namespace ordeal
