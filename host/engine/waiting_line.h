// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace ordeal {

/// Operations that wait for a free session, first come first served, and found by their deadline as
/// well: one lane per timeout, in each of which the first to come is the first to expire. `Entry`
/// has `since_ns` (entries come in that order) and `kind`. One thread.
template <typename Entry>
class WaitingLine {
 public:
  /// The timeout of each lane. Empties the line.
  void reset(std::vector<std::uint64_t> timeouts_ns) {
    lanes_.clear();
    for (const std::uint64_t timeout : timeouts_ns) lanes_.push_back({timeout, {}});
    size_ = 0;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  void push(const Entry& entry, std::size_t lane) {
    lanes_[lane].entries.push_back({sequence_++, entry});
    ++size_;
  }
  /// The one that came first. Only when not empty.
  Entry pop() {
    Lane* first = nullptr;
    for (Lane& lane : lanes_)
      if (!lane.entries.empty() &&
          (first == nullptr || lane.entries.front().order < first->entries.front().order))
        first = &lane;
    const Entry entry = first->entries.front().entry;
    first->entries.pop_front();
    --size_;
    return entry;
  }
  /// The earliest deadline, or UINT64_MAX.
  [[nodiscard]] std::uint64_t deadline_ns() const {
    std::uint64_t earliest = UINT64_MAX;
    for (const Lane& lane : lanes_)
      if (!lane.entries.empty())
        earliest = std::min(earliest, lane.entries.front().entry.since_ns + lane.timeout_ns);
    return earliest;
  }
  /// Takes every one whose deadline has come, and calls `fn` with it.
  template <typename Fn>
  void expire(std::uint64_t now_ns, Fn fn) {
    for (Lane& lane : lanes_)
      while (!lane.entries.empty() &&
             lane.entries.front().entry.since_ns + lane.timeout_ns <= now_ns) {
        const Entry entry = lane.entries.front().entry;
        lane.entries.pop_front();
        --size_;
        fn(entry);
      }
  }
  /// Takes all of them.
  template <typename Fn>
  void drain(Fn fn) {
    while (!empty()) fn(pop());
  }

 private:
  struct Place {
    std::uint64_t order;
    Entry entry;
  };
  struct Lane {
    std::uint64_t timeout_ns;
    std::deque<Place> entries;
  };
  std::vector<Lane> lanes_;
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace ordeal
