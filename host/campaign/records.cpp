// SPDX-License-Identifier: Apache-2.0
#include "campaign/records.h"

#include "base/codec.h"

namespace ordeal {

namespace {

void put(Encoder& out, const Moment& moment) {
  out.text(moment.boot_id);
  out.u64(moment.mono_ns);
  out.u64(moment.wall_ns);
}

Moment get_moment(Decoder& in) {
  Moment moment;
  moment.boot_id = in.text();
  moment.mono_ns = in.u64();
  moment.wall_ns = in.u64();
  return moment;
}

template <typename Fill>
EventBody make_body(Fill fill) {
  auto bytes = std::make_shared<std::vector<std::byte>>();
  Encoder out(*bytes);
  fill(out);
  return bytes;
}

}  // namespace

std::vector<TopicSpec> controller_topics() {
  return {{"control/1", Overflow::control, 1}, {"phase/1", Overflow::control, 1},
          {"safety/1", Overflow::control, 1},  {"plugin/1", Overflow::control, 1},
          {"interval/1", Overflow::stream, 1}, {"sample/1", Overflow::stream, 1},
          {"log/1", Overflow::stream, 1}};
}

EventBody encode_record(const JournalEvent& event) {
  return make_body([&](Encoder& out) {
    put(out, event.at);
    out.text(event.topic);
    out.text(event.type);
    out.i32(event.phase);
    out.text(event.data);
  });
}

JournalEvent decode_event(std::span<const std::byte> body) {
  Decoder in(body);
  JournalEvent event;
  event.at = get_moment(in);
  event.topic = in.text();
  event.type = in.text();
  event.phase = in.i32();
  event.data = in.text();
  return event;
}

EventBody encode_record(const PhaseRow& row) {
  return make_body([&](Encoder& out) {
    out.i32(row.index);
    out.i32(row.attempt);
    out.text(row.name);
    out.text(row.state);
    put(out, row.started);
    put(out, row.ended);
    out.text(row.plan);
    out.text(row.result);
  });
}

PhaseRow decode_phase(std::span<const std::byte> body) {
  Decoder in(body);
  PhaseRow row;
  row.index = in.i32();
  row.attempt = in.i32();
  row.name = in.text();
  row.state = in.text();
  row.started = get_moment(in);
  row.ended = get_moment(in);
  row.plan = in.text();
  row.result = in.text();
  return row;
}

EventBody encode_record(const SampleBatch& batch) {
  return make_body([&](Encoder& out) {
    out.u64(batch.mono_ns);
    out.u64(batch.wall_ns);
    out.u32(static_cast<std::uint32_t>(batch.values.size()));
    for (const auto& value : batch.values) {
      out.u32(value.metric);
      out.text(value.labels);
      out.f64(value.value);
    }
  });
}

SampleBatch decode_samples(std::span<const std::byte> body) {
  Decoder in(body);
  SampleBatch batch;
  batch.mono_ns = in.u64();
  batch.wall_ns = in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    SampleBatch::Value value;
    value.metric = in.u32();
    value.labels = in.text();
    value.value = in.f64();
    if (in.ok()) batch.values.push_back(std::move(value));
  }
  return batch;
}

EventBody encode_record(const MetricRow& row) {
  return make_body([&](Encoder& out) {
    out.u32(row.id);
    out.text(row.collector);
    out.text(row.name);
    out.text(row.unit);
    out.text(row.help);
    out.text(row.type);
    out.text(row.label_names);
  });
}

MetricRow decode_metric(std::span<const std::byte> body) {
  Decoder in(body);
  MetricRow row;
  row.id = in.u32();
  row.collector = in.text();
  row.name = in.text();
  row.unit = in.text();
  row.help = in.text();
  row.type = in.text();
  row.label_names = in.text();
  return row;
}

EventBody encode_fact(const std::string& key, const std::string& json) {
  return make_body([&](Encoder& out) {
    out.text(key);
    out.text(json);
  });
}

std::pair<std::string, std::string> decode_fact(std::span<const std::byte> body) {
  Decoder in(body);
  std::string key(in.text());
  std::string json(in.text());
  return {std::move(key), std::move(json)};
}

}  // namespace ordeal
