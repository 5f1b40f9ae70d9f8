// SPDX-License-Identifier: Apache-2.0
#include "campaign/records.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "base/codec.h"

using namespace ordeal;

namespace {

const Moment early{"boot-1", 12, 34};
const Moment late{"boot-1", 0xffffffffffffffffu, 1'795'453'200'000'000'000u};

JournalEvent event() {
  JournalEvent event;
  event.at = late;
  event.topic = "safety";
  event.type = "verdict";
  event.phase = -1;
  event.data = R"({"text":"caf\u00e9","n":1})";
  return event;
}

PhaseRow phase() {
  PhaseRow row;
  row.index = 7;
  row.attempt = 2;
  row.name = "sustained \xc3\xa9";
  row.state = "stopped";
  row.started = early;
  row.ended = late;
  row.plan = R"({"a":1})";
  row.result = std::string(100'000, 'r');
  return row;
}

SampleBatch samples() {
  SampleBatch batch;
  batch.mono_ns = 5;
  batch.wall_ns = 6;
  batch.values = {
      {1, "", 0.0}, {2, "0,user", -1.5}, {3, "a%2Cb", std::numeric_limits<double>::infinity()}};
  return batch;
}

const MetricRow metric{9, "system", "node_load1", "1", "Load", "gauge", "cpu,mode"};

/// Every shorter text of `body`: none may crash, and what was cut off reads as nothing.
template <typename Decode>
void every_prefix(const EventBody& body, Decode decode) {
  for (std::size_t size = 0; size < body->size(); ++size) {
    const std::vector<std::byte> cut(body->begin(),
                                     body->begin() + static_cast<std::ptrdiff_t>(size));
    decode(cut);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(an_event_comes_back) {
  const JournalEvent back = decode_event(*encode_record(event()));
  BOOST_TEST(back.at.boot_id == late.boot_id);
  BOOST_TEST(back.at.mono_ns == late.mono_ns);
  BOOST_TEST(back.at.wall_ns == late.wall_ns);
  BOOST_TEST(back.topic == "safety");
  BOOST_TEST(back.type == "verdict");
  BOOST_TEST(back.phase == -1);
  BOOST_TEST(back.data == event().data);
}

BOOST_AUTO_TEST_CASE(a_phase_comes_back) {
  const PhaseRow row = phase();
  const PhaseRow back = decode_phase(*encode_record(row));
  BOOST_TEST(back.index == row.index);
  BOOST_TEST(back.attempt == row.attempt);
  BOOST_TEST(back.name == row.name);
  BOOST_TEST(back.state == row.state);
  BOOST_TEST(back.started.mono_ns == early.mono_ns);
  BOOST_TEST(back.started.wall_ns == early.wall_ns);
  BOOST_TEST(back.ended.mono_ns == late.mono_ns);
  BOOST_TEST(back.ended.boot_id == late.boot_id);
  BOOST_TEST(back.plan == row.plan);
  BOOST_TEST((back.result == row.result));
}

BOOST_AUTO_TEST_CASE(samples_come_back) {
  const SampleBatch batch = samples();
  const SampleBatch back = decode_samples(*encode_record(batch));
  BOOST_TEST(back.mono_ns == batch.mono_ns);
  BOOST_TEST(back.wall_ns == batch.wall_ns);
  BOOST_REQUIRE_EQUAL(back.values.size(), batch.values.size());
  for (std::size_t i = 0; i < back.values.size(); ++i) {
    BOOST_TEST(back.values[i].metric == batch.values[i].metric);
    BOOST_TEST(back.values[i].labels == batch.values[i].labels);
    BOOST_TEST(back.values[i].value == batch.values[i].value);
  }
}

BOOST_AUTO_TEST_CASE(a_metric_comes_back) {
  const MetricRow back = decode_metric(*encode_record(metric));
  BOOST_TEST(back.id == metric.id);
  BOOST_TEST(back.collector == metric.collector);
  BOOST_TEST(back.name == metric.name);
  BOOST_TEST(back.unit == metric.unit);
  BOOST_TEST(back.help == metric.help);
  BOOST_TEST(back.type == metric.type);
  BOOST_TEST(back.label_names == metric.label_names);
}

BOOST_AUTO_TEST_CASE(a_fact_comes_back) {
  const auto [key, json] = decode_fact(*encode_fact("plan", "[1,2]"));
  BOOST_TEST(key == "plan");
  BOOST_TEST(json == "[1,2]");
  const auto [no_key, no_json] = decode_fact(*encode_fact("", ""));
  BOOST_TEST(no_key.empty());
  BOOST_TEST(no_json.empty());
}

BOOST_AUTO_TEST_CASE(cut_off_bytes_read_as_less) {
  every_prefix(encode_record(event()), [](const auto& cut) {
    const JournalEvent back = decode_event(cut);
    BOOST_TEST(back.data.empty());  // the last field
  });
  PhaseRow row = phase();
  row.result = "{}";
  every_prefix(encode_record(row), [](const auto& cut) {
    const PhaseRow back = decode_phase(cut);
    BOOST_TEST(back.result.empty());
  });
  every_prefix(encode_record(metric), [](const auto& cut) {
    const MetricRow back = decode_metric(cut);
    BOOST_TEST(back.label_names.empty());
  });
  every_prefix(encode_fact("k", "v"), [](const auto& cut) {
    const auto fact = decode_fact(cut);
    BOOST_TEST(fact.second.empty());
  });
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_whole_is_none) {
  const SampleBatch batch = samples();
  every_prefix(encode_record(batch), [&](const auto& cut) {
    const SampleBatch back = decode_samples(cut);
    BOOST_TEST(back.values.size() < batch.values.size());
    for (std::size_t i = 0; i < back.values.size(); ++i)
      BOOST_TEST(back.values[i].metric == batch.values[i].metric);
  });
}

BOOST_AUTO_TEST_CASE(a_count_that_lies_costs_nothing) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u64(1);
  out.u64(2);
  out.u32(0xffffffffu);
  const SampleBatch back = decode_samples(bytes);
  BOOST_TEST(back.values.empty());
}

BOOST_AUTO_TEST_CASE(what_must_not_be_lost_is_a_control_topic) {
  for (const TopicSpec& topic : controller_topics()) {
    const bool stream =
        topic.name == "interval/1" || topic.name == "sample/1" || topic.name == "log/1";
    BOOST_TEST((topic.overflow == (stream ? Overflow::stream : Overflow::control)), topic.name);
  }
  BOOST_TEST(sizeof(RecordPayload) <= event_payload_max);
}

BOOST_AUTO_TEST_SUITE_END()
