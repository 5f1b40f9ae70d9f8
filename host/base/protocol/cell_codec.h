// SPDX-License-Identifier: Apache-2.0
// Structures that travel between controller and cell, and how they are written.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/outcome.h"

namespace ordeal {

/// A metric as its collector declares it.
struct DeclaredMetric {
  std::string name;
  std::string unit;
  std::string help;
  std::string labels;
  std::uint32_t type = 0;  // ORDEAL_METRIC_*
};

/// What a component said about itself after create.
struct Declared {
  std::vector<std::string> kinds;  // scenario
  std::vector<std::string> marks;
  std::uint32_t unit_ns = 1;
  std::uint32_t max_in_flight = 1;
  std::vector<DeclaredMetric> metrics;  // collector
};

/// The newest value of a series, for rules.
struct SnapshotSample {
  std::string metric;
  std::string labels;
  std::uint32_t type = 0;
  double value = 0;
  std::uint64_t mono_ns = 0;
};

/// One kind's latest interval, for rules.
struct SnapshotInterval {
  std::string scenario;
  std::string kind;
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  OutcomeCounts outcomes{};
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;
};

struct Snapshot {
  std::uint32_t phase = 0xffffffffu;
  std::uint64_t now_ns = 0;
  std::vector<SnapshotSample> samples;
  std::vector<SnapshotInterval> intervals;
};

/// The names of the topics a plugin's manifest declares, in its order.
struct PluginTopics {
  std::vector<std::string> publishes;
  std::vector<std::string> subscribes;
};

/// An event of a third-party topic on its way to a subscriber.
struct TopicEvent {
  std::uint32_t topic = 0;  // in the order of the manifest's subscribes
  std::uint32_t revision = 0;
  std::uint32_t source = 0;
  std::uint32_t generation = 0;
  std::uint64_t seq = 0;
  std::uint64_t mono_ns = 0;
  std::span<const std::byte> payload;  // borrowed
  std::span<const std::byte> body;
};

inline void put(Encoder& out, const PluginTopics& topics) {
  for (const auto* list : {&topics.publishes, &topics.subscribes}) {
    out.u32(static_cast<std::uint32_t>(list->size()));
    for (const auto& topic : *list) out.text(topic);
  }
}

inline PluginTopics get_plugin_topics(Decoder& in) {
  PluginTopics topics;
  for (auto* list : {&topics.publishes, &topics.subscribes})
    for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) list->emplace_back(in.text());
  return topics;
}

inline void put(Encoder& out, const TopicEvent& event) {
  out.u32(event.topic);
  out.u32(event.revision);
  out.u32(event.source);
  out.u32(event.generation);
  out.u64(event.seq);
  out.u64(event.mono_ns);
  out.bytes(event.payload);
  out.bytes(event.body);
}

/// Its spans live as long as the input.
inline TopicEvent get_topic_event(Decoder& in) {
  TopicEvent event;
  event.topic = in.u32();
  event.revision = in.u32();
  event.source = in.u32();
  event.generation = in.u32();
  event.seq = in.u64();
  event.mono_ns = in.u64();
  event.payload = in.bytes();
  event.body = in.bytes();
  return event;
}

inline void put(Encoder& out, const Declared& d) {
  out.u32(static_cast<std::uint32_t>(d.kinds.size()));
  for (const auto& kind : d.kinds) out.text(kind);
  out.u32(static_cast<std::uint32_t>(d.marks.size()));
  for (const auto& mark : d.marks) out.text(mark);
  out.u32(d.unit_ns);
  out.u32(d.max_in_flight);
  out.u32(static_cast<std::uint32_t>(d.metrics.size()));
  for (const auto& m : d.metrics) {
    out.text(m.name);
    out.text(m.unit);
    out.text(m.help);
    out.text(m.labels);
    out.u32(m.type);
  }
}

/// More than any component declares: what is forged must not fill the reader's memory.
inline constexpr std::uint32_t declared_max = 8192;

inline Declared get_declared(Decoder& in) {
  Declared d;
  const auto count = [&in] { return std::min(in.u32(), declared_max); };
  for (std::uint32_t n = count(); n > 0 && in.ok(); --n) d.kinds.emplace_back(in.text());
  for (std::uint32_t n = count(); n > 0 && in.ok(); --n) d.marks.emplace_back(in.text());
  d.unit_ns = in.u32();
  d.max_in_flight = in.u32();
  for (std::uint32_t n = count(); n > 0 && in.ok(); --n) {
    DeclaredMetric m;
    m.name = in.text();
    m.unit = in.text();
    m.help = in.text();
    m.labels = in.text();
    m.type = in.u32();
    d.metrics.push_back(std::move(m));
  }
  return d;
}

inline void put(Encoder& out, const Snapshot& s) {
  out.u32(s.phase);
  out.u64(s.now_ns);
  out.u32(static_cast<std::uint32_t>(s.samples.size()));
  for (const auto& sample : s.samples) {
    out.text(sample.metric);
    out.text(sample.labels);
    out.u32(sample.type);
    out.f64(sample.value);
    out.u64(sample.mono_ns);
  }
  out.u32(static_cast<std::uint32_t>(s.intervals.size()));
  for (const auto& i : s.intervals) {
    out.text(i.scenario);
    out.text(i.kind);
    out.u64(i.start_ns);
    out.u64(i.end_ns);
    for (const auto count : i.outcomes) out.u64(count);
    out.u64(i.p50_ns);
    out.u64(i.p99_ns);
    out.u64(i.max_ns);
  }
}

inline Snapshot get_snapshot(Decoder& in) {
  Snapshot s;
  s.phase = in.u32();
  s.now_ns = in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    SnapshotSample sample;
    sample.metric = in.text();
    sample.labels = in.text();
    sample.type = in.u32();
    sample.value = in.f64();
    sample.mono_ns = in.u64();
    s.samples.push_back(std::move(sample));
  }
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    SnapshotInterval i;
    i.scenario = in.text();
    i.kind = in.text();
    i.start_ns = in.u64();
    i.end_ns = in.u64();
    for (auto& count : i.outcomes) count = in.u64();
    i.p50_ns = in.u64();
    i.p99_ns = in.u64();
    i.max_ns = in.u64();
    s.intervals.push_back(std::move(i));
  }
  return s;
}

}  // namespace ordeal
