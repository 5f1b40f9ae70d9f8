// SPDX-License-Identifier: Apache-2.0
#include "campaign/recorder.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "campaign/bulletin.h"
#include "campaign/campaign_registry.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// A journal on a medium that has failed.
class DeadJournal final : public JournalWriter {
 public:
  Result<void> set(const std::string&, const std::string&) override { return dead(); }
  Result<std::uint64_t> event(JournalEvent) override { return dead(); }
  Result<void> phase(const PhaseRow&) override { return dead(); }
  Result<void> second(const SeriesRow&) override { return dead(); }
  Result<void> block(const SeriesRow&, const Histogram&) override { return dead(); }
  Result<void> phase_histogram(const PhaseHistogram&) override { return dead(); }
  Result<void> metric(const MetricRow&) override { return dead(); }
  Result<void> sample(const SampleRow&) override { return dead(); }
  Result<void> topic_event(const TopicEventRow&) override { return dead(); }
  Result<void> commit() override { return dead(); }
  Result<void> forget_seconds_before(std::uint64_t) override { return dead(); }
  Result<void> checkpoint() override { return dead(); }
  [[nodiscard]] std::uint64_t wal_bytes() const override { return 0; }

 private:
  static Error dead() {
    Error error;
    error.what = "the disk is gone";
    return error;
  }
};

/// A bus, the recorder behind it and its journal.
class Recording {
 public:
  explicit Recording(std::uint64_t block_ns = 10 * second,
                     std::unique_ptr<JournalWriter> journal = nullptr) {
    bus_ = Bus::make(controller_topics(), clock_, 1024, std::chrono::seconds(20));
    std::vector<std::string> topics;
    for (const auto& topic : controller_topics()) topics.push_back(topic.name);
    auto subscription = bus_->subscribe("journal", topics, 1024);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(subscription), why(subscription));
    if (!journal) {
      auto opened = JournalWriter::open(path());
      BOOST_REQUIRE_MESSAGE(static_cast<bool>(opened), why(opened));
      journal = std::move(*opened);
    }
    recorder_ = std::make_unique<Recorder>(std::move(journal), std::move(*subscription), clock_,
                                           block_ns, heartbeat);
    bus_->start();
    recorder_->start();
    bulletin_ = std::make_unique<Bulletin>(*bus_, clock_);
  }
  ~Recording() { finish(); }

  Recorder& recorder() { return *recorder_; }
  Bulletin& bulletin() { return *bulletin_; }
  [[nodiscard]] std::string path() const { return folder_.path() + "/journal.db"; }
  void finish() {
    if (finished_) return;
    finished_ = true;
    bus_->close();
    recorder_->finish();
  }
  [[nodiscard]] std::unique_ptr<JournalReader> reader() const {
    auto reader = JournalReader::open(path());
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(reader), why(reader));
    return std::move(*reader);
  }

  /// The frame of the second that begins `at` seconds after the test.
  [[nodiscard]] IntervalFrame frame(std::uint64_t at, std::uint32_t load = 0) const {
    IntervalFrame frame;
    frame.load = load;
    frame.start_ns = start_ + at * second;
    frame.end_ns = frame.start_ns + second;
    return frame;
  }
  static KindInterval kind(std::uint32_t number, std::uint64_t ok, std::uint64_t latency_ns) {
    KindInterval kind;
    kind.kind = number;
    kind.outcomes[0] = ok;
    kind.bytes_in = 10 * ok;
    kind.bytes_out = ok;
    kind.latency.record(latency_ns, ok);
    kind.service.record(latency_ns / 2, ok);
    return kind;
  }
  void publish(const IntervalFrame& frame, std::int32_t phase = 0) {
    bulletin_->interval(phase, encode(frame), 0, 0);
  }
  void phase(const std::string& state, std::int32_t index = 0) {
    PhaseRow row;
    row.index = index;
    row.name = "steady";
    row.state = state;
    row.started = bulletin_->moment();
    row.plan = row.result = "{}";
    bulletin_->phase(row);
  }
  std::vector<SeriesRow> blocks(std::uint32_t load, std::uint32_t kind = 0) const {
    auto rows = reader()->blocks(0);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(rows), why(rows));
    std::vector<SeriesRow> found;
    for (const auto& row : *rows)
      if (row.load == load && row.kind == kind) found.push_back(row);
    return found;
  }

  std::atomic<std::uint64_t> heartbeat{0};

 private:
  SystemClock clock_;
  TemporaryFolder folder_;
  std::uint64_t start_ = clock_.monotonic_ns();
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Bulletin> bulletin_;
  bool finished_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recorder)

BOOST_AUTO_TEST_CASE(every_kind_of_record_reaches_the_journal) {
  Recording recording;
  recording.bulletin().set("loads", boost::json::parse("[1]"));
  recording.bulletin().event("safety", "verdict", 3, {{"level", "hold"}}, "");
  recording.bulletin().metric({4, "system", "node_load1", "1", "Load", "gauge", ""});
  SampleBatch batch;
  batch.mono_ns = 7;
  batch.wall_ns = 8;
  batch.values = {{4, "", 1.25}, {4, "", 2.5}};
  recording.bulletin().samples(batch, 0);
  recording.phase("running");
  recording.finish();
  BOOST_TEST(recording.recorder().failure() == "");

  const auto reader = recording.reader();
  auto loads = reader->get("loads");
  BOOST_REQUIRE(loads);
  BOOST_TEST(loads->value_or("") == "[1]");
  auto events = reader->events();
  BOOST_REQUIRE(events);
  BOOST_REQUIRE_EQUAL(events->size(), 1u);
  BOOST_TEST(events->front().topic == "safety");
  BOOST_TEST(events->front().phase == 3);
  BOOST_TEST(events->front().data == R"({"level":"hold"})");
  auto metrics = reader->metrics();
  BOOST_REQUIRE(metrics);
  BOOST_REQUIRE_EQUAL(metrics->size(), 1u);
  BOOST_TEST(metrics->front().name == "node_load1");
  std::vector<double> values;
  BOOST_TEST(static_cast<bool>(reader->samples(4, [&](const SampleRow& row) {
    values.push_back(row.value);
    BOOST_TEST(row.mono_ns == 7u);
    BOOST_TEST(row.wall_ns == 8u);
  })));
  BOOST_TEST(values == (std::vector<double>{1.25, 2.5}), boost::test_tools::per_element());
  auto phases = reader->phases();
  BOOST_REQUIRE(phases);
  BOOST_REQUIRE_EQUAL(phases->size(), 1u);
  BOOST_TEST(phases->front().state == "running");
}

BOOST_AUTO_TEST_CASE(intervals_become_seconds_and_blocks) {
  Recording recording;
  recording.phase("running");
  for (std::uint64_t i = 0; i < 12; ++i) {
    IntervalFrame frame = recording.frame(i);
    frame.offered = 100 + i;
    frame.kinds.push_back(Recording::kind(0, 10, (i + 1) * 1'000'000));
    frame.kinds.push_back(Recording::kind(1, 5, 2'000'000));
    recording.publish(frame);
  }
  recording.finish();
  BOOST_TEST(recording.recorder().failure() == "");

  auto seconds = recording.reader()->seconds(0);
  BOOST_REQUIRE(seconds);
  BOOST_TEST(seconds->size() == 24u);
  std::uint64_t offered = 0;
  for (const auto& row : *seconds) {
    offered += row.offered;
    BOOST_TEST(row.duration_ns == second);
  }
  BOOST_TEST(offered == 12 * 100 + 66u);  // once per frame, not per kind

  const auto blocks = recording.blocks(0);
  BOOST_REQUIRE_EQUAL(blocks.size(), 2u);
  BOOST_TEST(blocks[0].duration_ns == 10 * second);
  BOOST_TEST(blocks[0].outcomes[0] == 100u);
  BOOST_TEST(blocks[0].offered == 10 * 100 + 45u);
  BOOST_TEST(blocks[0].bytes_in == 1000u);
  BOOST_TEST(blocks[0].bytes_out == 100u);
  BOOST_TEST(blocks[0].max_ns == 10'000'000u);
  BOOST_TEST(static_cast<double>(blocks[0].p50_ns) == 5e6, boost::test_tools::tolerance(0.01));
  BOOST_TEST(blocks[1].duration_ns == 2 * second);
  BOOST_TEST(blocks[1].outcomes[0] == 20u);
  BOOST_TEST(blocks[1].mono_ns == blocks[0].mono_ns + 10 * second);
  auto latency = recording.reader()->latency(0, 0, 0);
  BOOST_REQUIRE(latency);
  BOOST_TEST(latency->count() == 120u);
  BOOST_TEST(latency->max() == 12'000'000u);
  auto other = recording.reader()->latency(0, 0, 1);
  BOOST_REQUIRE(other);
  BOOST_TEST(other->count() == 60u);
}

BOOST_AUTO_TEST_CASE(an_idle_interval_is_a_row_all_the_same) {
  Recording recording;
  recording.recorder().describe_load(0, {{}, 1000});
  recording.phase("running");
  IntervalFrame frame = recording.frame(0);
  frame.offered = 5;
  recording.publish(frame);
  recording.finish();
  auto seconds = recording.reader()->seconds(0);
  BOOST_REQUIRE(seconds);
  BOOST_REQUIRE_EQUAL(seconds->size(), 1u);
  BOOST_TEST(seconds->front().offered == 5u);
  BOOST_TEST(seconds->front().outcomes[0] == 0u);
  BOOST_TEST(seconds->front().max_ns == 0u);
  BOOST_TEST(recording.blocks(0).size() == 1u);
}

BOOST_AUTO_TEST_CASE(workers_of_one_load_share_a_block_in_any_order) {
  Recording recording;
  recording.phase("running");
  for (const std::uint64_t at : {10, 8, 9, 11}) {
    IntervalFrame frame = recording.frame(at);
    frame.kinds.push_back(Recording::kind(0, 1, 1'000'000));
    recording.publish(frame);
  }
  recording.finish();
  const auto blocks = recording.blocks(0);
  BOOST_REQUIRE_EQUAL(blocks.size(), 1u);
  BOOST_TEST(blocks[0].outcomes[0] == 4u);
  BOOST_TEST(blocks[0].duration_ns == 2 * second);
}

BOOST_AUTO_TEST_CASE(a_dead_load_does_not_keep_the_others_blocks_open) {
  Recording recording;
  recording.phase("running");
  IntervalFrame last = recording.frame(0, 0);
  last.kinds.push_back(Recording::kind(0, 1, 1'000'000));
  recording.publish(last);
  for (std::uint64_t i = 0; i < 25; ++i) {
    IntervalFrame frame = recording.frame(i, 1);
    frame.kinds.push_back(Recording::kind(0, 1, 1'000'000));
    recording.publish(frame);
  }
  recording.finish();
  BOOST_TEST(recording.blocks(0).size() == 1u);
  const auto blocks = recording.blocks(1);
  BOOST_REQUIRE_EQUAL(blocks.size(), 3u);
  BOOST_TEST(blocks[0].outcomes[0] == 10u);
  BOOST_TEST(blocks[2].outcomes[0] == 5u);
}

BOOST_AUTO_TEST_CASE(a_phase_has_its_histograms_by_the_names_of_the_marks) {
  Recording recording;
  recording.recorder().describe_load(0, {{"connect", "first_byte"}, 1});
  for (const std::int32_t index : {0, 1}) {
    recording.phase("running", index);
    for (std::uint64_t i = 0; i < 3; ++i) {
      IntervalFrame frame = recording.frame(i + static_cast<std::uint64_t>(index) * 10);
      frame.send_lag.record(50'000, 7);
      KindInterval kind = Recording::kind(2, 10, 4'000'000);
      kind.marks.resize(3);  // one more than was declared
      kind.marks[0].record(1'000'000, 10);
      kind.marks[2].record(9'000'000, 10);
      frame.kinds.push_back(std::move(kind));
      recording.publish(frame, index);
    }
    recording.phase("done", index);
  }
  recording.finish();
  for (const std::int32_t index : {0, 1}) {
    auto histograms = recording.reader()->phase_histograms(index);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(histograms), why(histograms));
    std::map<std::string, std::uint64_t> counts;
    for (const auto& one : *histograms) {
      BOOST_TEST(one.kind == 2u);
      counts[one.series] = one.histogram.count();
    }
    BOOST_TEST(counts.size() == 3u);  // nothing for first_byte: it never came
    BOOST_TEST(counts["service"] == 30u);
    BOOST_TEST(counts["mark:connect"] == 30u);
    BOOST_TEST(counts["send_lag"] == 21u);
  }
}

BOOST_AUTO_TEST_CASE(before_the_end_of_a_phase_its_figures_are_on_disk) {
  Recording recording;
  recording.phase("running");
  IntervalFrame frame = recording.frame(0);
  frame.kinds.push_back(Recording::kind(0, 10, 1'000'000));
  recording.publish(frame);
  recording.phase("done");
  const std::uint64_t number = recording.bulletin().barrier();
  BOOST_TEST(eventually([&] { return recording.recorder().barrier_done() >= number; }));
  BOOST_TEST(recording.blocks(0).size() == 1u);
  auto histograms = recording.reader()->phase_histograms(0);
  BOOST_REQUIRE(histograms);
  BOOST_TEST(histograms->size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_precedes_a_barrier_can_be_read) {
  Recording recording;
  recording.bulletin().metric({1, "system", "m", "", "", "gauge", ""});
  for (std::uint64_t round = 1; round <= 3; ++round) {
    SampleBatch batch;
    batch.values = {{1, "", static_cast<double>(round)}};
    recording.bulletin().samples(batch, 0);
    recording.bulletin().set("round", boost::json::value(round));
    const std::uint64_t number = recording.bulletin().barrier();
    BOOST_TEST(number == round);
    BOOST_REQUIRE(eventually([&] { return recording.recorder().barrier_done() >= number; }));
    const auto reader = recording.reader();
    auto fact = reader->get("round");
    BOOST_REQUIRE(fact);
    BOOST_TEST(fact->value_or("") == std::to_string(round));
    std::uint64_t rows = 0;
    BOOST_TEST(static_cast<bool>(reader->samples(1, [&](const SampleRow&) { ++rows; })));
    BOOST_TEST(rows == round);
  }
}

BOOST_AUTO_TEST_CASE(its_heart_beats_without_events_too) {
  Recording recording;
  BOOST_TEST(eventually([&] { return recording.heartbeat.load() >= 3; }));
}

BOOST_AUTO_TEST_CASE(a_journal_that_fails_is_said) {
  Recording recording(10 * second, std::make_unique<DeadJournal>());
  recording.bulletin().event("control", "decision", -1, {}, "");
  BOOST_TEST(eventually([&] { return !recording.recorder().failure().empty(); }));
  BOOST_TEST(recording.recorder().failure() == "the disk is gone");
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_none_is_said) {
  Recording recording;
  const std::vector<std::byte> garbage(40, std::byte{0x5a});
  recording.bulletin().interval(0, garbage, 0, 0);
  BOOST_TEST(eventually([&] { return !recording.recorder().failure().empty(); }));
}

BOOST_AUTO_TEST_SUITE_END()
