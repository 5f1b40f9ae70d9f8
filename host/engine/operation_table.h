// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ordeal/abi/scenario.h"

namespace ordeal {

/// The operations in flight, found by id in O(1) and kept in order of their deadlines, in one lane
/// per timeout so that a new one comes last in its own. Addresses stay until the operation is
/// released, as the ABI promises. No allocation once it has grown. One thread.
class OperationTable {
 public:
  struct Operation {
    ordeal_op op{};
    std::uint64_t issued_ns = 0;
    std::uint64_t given_up = 0;  // the last id of this slot that the engine gave up
    std::uint32_t lane = 0;
    std::uint32_t attempt = 1;
    std::uint64_t record = 0;  // of the feeder
    std::string data;          // op.data points here, or into the feeder's file
    Operation* previous = nullptr;
    Operation* next = nullptr;
  };

  OperationTable() { set_lanes(1); }
  OperationTable(const OperationTable&) = delete;
  OperationTable& operator=(const OperationTable&) = delete;

  /// Only while nothing is in flight.
  void set_lanes(std::size_t count) {
    lanes_.clear();
    lanes_.resize(count);
    for (Operation& head : lanes_) head.previous = head.next = &head;
  }
  [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }

  /// A new operation with an id never used before by this table; op.struct_size and op.id are set.
  /// It is in no order until link().
  Operation& acquire() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Operation& operation = slots_[index];
    operation.op = {};
    operation.op.struct_size = sizeof operation.op;
    operation.op.id = ++sequence_ << slot_bits | index;
    return operation;
  }
  /// Puts it into its lane, in order of deadlines: O(1) when its deadline is the latest, as is
  /// usual.
  void link(Operation& operation) {
    Operation& head = lanes_[operation.lane];
    Operation* after = head.previous;
    while (after != &head && after->op.deadline_ns > operation.op.deadline_ns)
      after = after->previous;
    operation.previous = after;
    operation.next = after->next;
    after->next->previous = &operation;
    after->next = &operation;
    ++in_flight_;
  }
  /// nullptr for an id that is not in flight.
  Operation* find(std::uint64_t id) {
    const std::uint64_t index = id & ((std::uint64_t{1} << slot_bits) - 1);
    if (index >= slots_.size()) return nullptr;
    Operation& operation = slots_[index];
    return operation.op.id == id && id != 0 ? &operation : nullptr;
  }
  /// Ends it. `gave_up`: a completion may still come, and is then recognized as late once.
  void release(Operation& operation, bool gave_up) {
    operation.previous->next = operation.next;
    operation.next->previous = operation.previous;
    --in_flight_;
    const std::uint64_t id = operation.op.id;
    if (gave_up) operation.given_up = id;
    operation.op.id = 0;
    free_.push_back(static_cast<std::uint32_t>(id & ((std::uint64_t{1} << slot_bits) - 1)));
  }
  /// Whether `id` was given up; true only once for each.
  bool take_given_up(std::uint64_t id) {
    const std::uint64_t index = id & ((std::uint64_t{1} << slot_bits) - 1);
    if (id == 0 || index >= slots_.size() || slots_[index].given_up != id) return false;
    slots_[index].given_up = 0;
    return true;
  }

  /// The one whose deadline comes first, or nullptr.
  Operation* first() {
    Operation* earliest = nullptr;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
      if (Operation* const one = first(lane);
          one != nullptr && (earliest == nullptr || one->op.deadline_ns < earliest->op.deadline_ns))
        earliest = one;
    return earliest;
  }
  /// The same of one lane.
  Operation* first(std::size_t lane) {
    return lanes_[lane].next == &lanes_[lane] ? nullptr : lanes_[lane].next;
  }
  /// The one after it in its lane, or nullptr.
  Operation* after(const Operation& operation) {
    return operation.next == &lanes_[operation.lane] ? nullptr : operation.next;
  }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }

 private:
  static constexpr std::uint32_t slot_bits = 24;  // leaves 40 bits of sequence: 10^12 operations

  std::deque<Operation> slots_;
  std::vector<std::uint32_t> free_;
  std::deque<Operation> lanes_;  // their heads
  std::uint64_t sequence_ = 0;
  std::uint64_t in_flight_ = 0;
};

}  // namespace ordeal
