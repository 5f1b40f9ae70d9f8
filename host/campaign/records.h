// SPDX-License-Identifier: Apache-2.0
// The controller's topics on the bus and what their events carry.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "journal/journal.h"

namespace ordeal {

/// Topics of design section 6, with what happens when a subscriber is behind.
std::vector<TopicSpec> controller_topics();

/// What an event's payload says about its body.
enum class RecordType : std::uint32_t {
  event = 1,     // a JournalEvent
  phase = 2,     // a PhaseRow
  interval = 3,  // an encoded IntervalFrame; `number` is the phase
  samples = 4,   // a SampleBatch
  metric = 5,    // a MetricRow
  set = 6,       // a run-wide fact
  barrier = 7,   // no body; `number` counts barriers
};

/// The POD payload of every controller event.
struct RecordPayload {
  RecordType type = RecordType::event;
  std::int32_t phase = -1;
  std::uint64_t number = 0;
};

/// The values of one collect call.
struct SampleBatch {
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
  struct Value {
    std::uint32_t metric = 0;  // id of the MetricRow
    std::string labels;
    double value = 0;
  };
  std::vector<Value> values;
};

EventBody encode_record(const JournalEvent& event);
EventBody encode_record(const PhaseRow& row);
EventBody encode_record(const SampleBatch& batch);
EventBody encode_record(const MetricRow& row);
EventBody encode_fact(const std::string& key, const std::string& json);

JournalEvent decode_event(std::span<const std::byte> body);
PhaseRow decode_phase(std::span<const std::byte> body);
SampleBatch decode_samples(std::span<const std::byte> body);
MetricRow decode_metric(std::span<const std::byte> body);
std::pair<std::string, std::string> decode_fact(std::span<const std::byte> body);

}  // namespace ordeal
