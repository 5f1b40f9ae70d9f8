// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <thread>

#include "base/files.h"
#include "journal/database.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

std::unique_ptr<JournalWriter> write_to(const std::string& path) {
  auto writer = JournalWriter::open(path);
  BOOST_TEST_REQUIRE(!!writer, (writer ? "" : writer.error().line()));
  return std::move(writer).value();
}

std::unique_ptr<JournalReader> read_from(const std::string& path) {
  auto reader = JournalReader::open(path);
  BOOST_TEST_REQUIRE(!!reader, (reader ? "" : reader.error().line()));
  return std::move(reader).value();
}

template <typename T>
T value_of(Result<T> result) {
  BOOST_TEST_REQUIRE(!!result, (result ? "" : result.error().line()));
  return std::move(result).value();
}

void done(const Result<void>& result) {
  BOOST_TEST_REQUIRE(!!result, (result ? "" : result.error().line()));
}

JournalEvent make_event(const std::string& type, std::uint64_t at = 1) {
  JournalEvent event;
  event.at = {"boot-a", at, at + 1'000};
  event.topic = "phase";
  event.type = type;
  event.data = "{}";
  return event;
}

SeriesRow make_row(std::int32_t phase, std::uint64_t at) {
  SeriesRow row;
  row.phase = phase;
  row.load = 1;
  row.kind = 2;
  row.mono_ns = at;
  row.wall_ns = 1'795'455'060'000'000'000u + at;
  row.duration_ns = 1'000'000'000;
  for (std::size_t i = 0; i < outcome_count; ++i) row.outcomes[i] = at * (i + 1);
  row.offered = 36 * at;
  row.p50_ns = 127;
  row.p99_ns = 128;
  row.max_ns = std::numeric_limits<std::uint64_t>::max();
  row.bytes_in = 1;
  row.bytes_out = 0;
  return row;
}

bool same(const SeriesRow& a, const SeriesRow& b) {
  return a.phase == b.phase && a.load == b.load && a.kind == b.kind && a.mono_ns == b.mono_ns &&
         a.wall_ns == b.wall_ns && a.duration_ns == b.duration_ns && a.outcomes == b.outcomes &&
         a.offered == b.offered && a.p50_ns == b.p50_ns && a.p99_ns == b.p99_ns &&
         a.max_ns == b.max_ns && a.bytes_in == b.bytes_in && a.bytes_out == b.bytes_out;
}

bool same(const Moment& a, const Moment& b) {
  return a.boot_id == b.boot_id && a.mono_ns == b.mono_ns && a.wall_ns == b.wall_ns;
}

/// Runs `work` in a child, which must end with 0.
template <typename Work>
void in_a_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal)

BOOST_AUTO_TEST_CASE(facts_events_and_phases_come_back) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal #1 50%.db");
  {
    const auto writer = write_to(path);
    done(writer->set("campaign", "\"first\""));
    done(writer->set("campaign", R"("gr\u00fc\u00dfe")"));
    done(writer->set("empty", ""));
    BOOST_TEST(value_of(writer->event(make_event("started", 10))) == 1u);
    auto event = make_event("verdict", 20);
    event.seq = 99;  // the journal's to set
    event.phase = 3;
    event.topic = "safety";
    event.data = R"({"why":"memory"})";
    BOOST_TEST(value_of(writer->event(event)) == 2u);
    PhaseRow phase;
    phase.index = 3;
    phase.name = "warmup";
    phase.state = "running";
    phase.started = {"boot-a", 5, 6};
    phase.plan = R"({"a":1})";
    done(writer->phase(phase));
    phase.state = "done";
    phase.ended = {"boot-b", 7, 8};
    phase.result = R"({"b":2})";
    done(writer->phase(phase));
    phase.attempt = 2;
    phase.state = "running";
    done(writer->phase(phase));
    BOOST_TEST(std::filesystem::exists(path));
  }
  BOOST_TEST(!std::filesystem::exists(path + "-wal"));  // closed in order: one file
  {
    const auto writer = write_to(path);  // resumed
    BOOST_TEST(value_of(writer->event(make_event("resumed", 30))) == 3u);
  }
  const auto reader = read_from(path);
  BOOST_TEST((value_of(reader->get("campaign")) == R"("gr\u00fc\u00dfe")"));
  BOOST_TEST((value_of(reader->get("empty")) == ""));
  BOOST_TEST(!value_of(reader->get("missing")).has_value());
  const auto events = value_of(reader->events());
  BOOST_TEST_REQUIRE(events.size() == 3u);
  BOOST_TEST(events[1].seq == 2u);
  BOOST_TEST(events[1].phase == 3);
  BOOST_TEST(events[1].topic == "safety");
  BOOST_TEST(events[1].type == "verdict");
  BOOST_TEST(events[1].data == R"({"why":"memory"})");
  BOOST_TEST(same(events[1].at, {"boot-a", 20, 1'020}));
  BOOST_TEST(events[0].phase == -1);
  const auto later = value_of(reader->events(2));
  BOOST_TEST_REQUIRE(later.size() == 1u);
  BOOST_TEST(later[0].type == "resumed");
  const auto phases = value_of(reader->phases());
  BOOST_TEST_REQUIRE(phases.size() == 2u);
  BOOST_TEST(phases[0].index == 3);
  BOOST_TEST(phases[0].attempt == 1);
  BOOST_TEST(phases[0].name == "warmup");
  BOOST_TEST(phases[0].state == "done");
  BOOST_TEST(same(phases[0].started, {"boot-a", 5, 6}));
  BOOST_TEST(same(phases[0].ended, {"boot-b", 7, 8}));
  BOOST_TEST(phases[0].plan == R"({"a":1})");
  BOOST_TEST(phases[0].result == R"({"b":2})");
  BOOST_TEST(phases[1].attempt == 2);
  BOOST_TEST(phases[1].state == "running");
}

BOOST_AUTO_TEST_CASE(rows_and_histograms_come_back) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  const auto writer = write_to(path);
  Histogram expected;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Histogram part;
    for (std::uint64_t n = 1; n <= 1'000; ++n) part.record(n * 977 + i * 1'000'000);
    expected.merge(part);
    done(writer->block(make_row(1, i), part));
    done(writer->second(make_row(1, i)));
  }
  auto other = make_row(-1, 5);
  other.kind = 7;
  done(writer->block(other, Histogram()));
  done(writer->second(make_row(2, 3)));
  PhaseHistogram whole{1, 0, 2, "mark:connect", Histogram(1000)};
  whole.histogram.record(5'000'000, 3);
  done(writer->phase_histogram(whole));
  whole.series = "latency";
  done(writer->phase_histogram(whole));
  done(writer->phase_histogram(whole));  // again: replaced
  done(writer->commit());

  const auto reader = read_from(path);
  for (const auto& rows : {value_of(reader->seconds(1)), value_of(reader->blocks(1))}) {
    BOOST_TEST_REQUIRE(rows.size() == 20u);
    for (std::uint64_t i = 0; i < 20; ++i) BOOST_TEST(same(rows[i], make_row(1, i)));
  }
  BOOST_TEST(value_of(reader->seconds(2)).size() == 1u);
  BOOST_TEST(value_of(reader->seconds(3)).empty());
  const auto negative = value_of(reader->blocks(-1));
  BOOST_TEST_REQUIRE(negative.size() == 1u);
  BOOST_TEST(same(negative[0], other));

  const auto merged = value_of(reader->latency(1, 1, 2));
  BOOST_TEST(merged.count() == 20'000u);
  BOOST_TEST(merged.min() == expected.min());
  BOOST_TEST(merged.max() == expected.max());
  for (const double p : {1.0, 50.0, 99.0, 99.9})
    BOOST_TEST(merged.value_at(p) == expected.value_at(p));
  BOOST_TEST(value_of(reader->latency(1, 1, 3)).count() == 0u);
  const auto histograms = value_of(reader->phase_histograms(1));
  BOOST_TEST_REQUIRE(histograms.size() == 2u);
  BOOST_TEST(histograms[0].series == "latency");
  BOOST_TEST(histograms[1].series == "mark:connect");
  BOOST_TEST(histograms[1].phase == 1);
  BOOST_TEST(histograms[1].load == 0u);
  BOOST_TEST(histograms[1].kind == 2u);
  BOOST_TEST(histograms[1].histogram.unit_ns() == 1000u);
  BOOST_TEST(histograms[1].histogram.count() == 3u);
}

BOOST_AUTO_TEST_CASE(metrics_and_samples_come_back) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  auto writer = write_to(path);
  done(writer->metric(
      {4, "system", "node_memory_bytes", "bytes", "Memory in use.", "gauge", "a,b"}));
  const double values[] = {0.1, -1e300, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};
  std::uint64_t at = 0;
  for (const double value : values) done(writer->sample({4, at % 2 ? "x,y" : "", ++at, 7, value}));
  writer.reset();  // what was never committed by hand is, at an orderly end
  writer = write_to(path);
  done(writer->sample({4, "x,y", ++at, 7, 5.0}));
  done(writer->sample({5, "", ++at, 7, 6.0}));
  done(writer->commit());

  const auto reader = read_from(path);
  const auto metrics = value_of(reader->metrics());
  BOOST_TEST_REQUIRE(metrics.size() == 1u);
  BOOST_TEST(metrics[0].id == 4u);
  BOOST_TEST(metrics[0].collector == "system");
  BOOST_TEST(metrics[0].name == "node_memory_bytes");
  BOOST_TEST(metrics[0].unit == "bytes");
  BOOST_TEST(metrics[0].help == "Memory in use.");
  BOOST_TEST(metrics[0].type == "gauge");
  BOOST_TEST(metrics[0].label_names == "a,b");
  std::vector<SampleRow> samples;
  done(reader->samples(4, [&](const SampleRow& row) { samples.push_back(row); }));
  BOOST_TEST_REQUIRE(samples.size() == 5u);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    BOOST_TEST(samples[i].metric == 4u);
    BOOST_TEST(samples[i].mono_ns == i + 1);
    BOOST_TEST(samples[i].wall_ns == 7u);
  }
  BOOST_TEST(samples[0].value == 0.1);
  BOOST_TEST(samples[1].value == -1e300);
  BOOST_TEST(std::isinf(samples[2].value));
  BOOST_TEST(std::isnan(samples[3].value));
  BOOST_TEST(samples[3].labels == samples[4].labels);
  BOOST_TEST(samples[3].labels != samples[2].labels);
}

BOOST_AUTO_TEST_CASE(rows_show_at_the_commit_and_events_at_once_with_all_before_them) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  const auto writer = write_to(path);
  const auto reader = read_from(path);
  done(writer->second(make_row(1, 1)));
  BOOST_TEST(value_of(reader->seconds(1)).empty());
  done(writer->commit());
  BOOST_TEST(value_of(reader->seconds(1)).size() == 1u);
  done(writer->second(make_row(1, 2)));
  value_of(writer->event(make_event("x")));
  BOOST_TEST(value_of(reader->events()).size() == 1u);
  BOOST_TEST(value_of(reader->seconds(1)).size() == 2u);
  done(writer->commit());
}

BOOST_AUTO_TEST_CASE(readers_and_the_writer_do_not_disturb_each_other) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  const auto writer = write_to(path);
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> reads{0};
  std::string trouble;
  std::thread reading([&] {
    std::size_t before = 0;
    for (bool last = false; !last && trouble.empty();) {
      last = ended;
      auto reader = JournalReader::open(path);
      if (!reader) {
        trouble = reader.error().line();
        break;
      }
      const auto rows = (*reader)->seconds(1);
      const auto merged = (*reader)->latency(1, 1, 2);
      const auto events = (*reader)->events();
      if (!rows || !merged || !events) {
        trouble = "a query failed";
      } else if (rows->size() < before || rows->size() % 10 != 0) {
        trouble = "a transaction was seen in part";
      }
      if (rows) before = rows->size();
      ++reads;
    }
  });
  Histogram histogram;
  histogram.record(1'000);
  for (std::uint64_t i = 0; i < 150 || reads < 5; ++i) {
    for (std::uint64_t n = 0; n < 10; ++n) done(writer->second(make_row(1, i * 10 + n)));
    done(writer->block(make_row(1, i), histogram));
    done(writer->commit());
    if (i % 20 == 0) value_of(writer->event(make_event("e", i)));
    if (i % 30 == 0) done(writer->checkpoint());
  }
  ended = true;
  reading.join();
  BOOST_TEST(trouble == "");
}

BOOST_AUTO_TEST_CASE(a_killed_writer_loses_at_most_what_was_not_committed) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  int pipe[2];
  BOOST_TEST_REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    auto writer = JournalWriter::open(path);
    bool good = !!writer;
    for (std::uint64_t i = 0; good && i < 100; ++i) good = !!(*writer)->second(make_row(1, i));
    good = good && (*writer)->commit() && (*writer)->second(make_row(1, 100)) &&
           (*writer)->event(make_event("last")) && (*writer)->second(make_row(1, 101));
    if (good && ::write(pipe[1], "x", 1) == 1)
      for (;;) static_cast<void>((*writer)->second(make_row(1, 102)));  // within a transaction
    ::_exit(1);
  }
  ::close(pipe[1]);
  char c = 0;
  BOOST_TEST(::read(pipe[0], &c, 1) == 1);
  ::close(pipe[0]);
  ::kill(child, SIGKILL);
  BOOST_TEST_REQUIRE(::waitpid(child, nullptr, 0) == child);
  BOOST_TEST(std::filesystem::exists(path + "-wal"));
  {
    const auto reader = read_from(path);
    const auto events = value_of(reader->events());
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].type == "last");
    BOOST_TEST(value_of(reader->seconds(1)).size() == 101u);
  }
  const auto writer = write_to(path);  // the lock went with its owner
  BOOST_TEST(value_of(writer->event(make_event("resumed"))) == 2u);
  BOOST_TEST(value_of(read_from(path)->seconds(1)).size() == 101u);
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_as_long_as_the_first_lives) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  auto writer = write_to(path);
  in_a_child([&] {
    const auto second = JournalWriter::open(path);
    return !second && second.error().code == ExitCode::preflight &&
                   second.error().what == "another process is writing " + path
               ? 0
               : 1;
  });
  BOOST_TEST(!JournalWriter::open(path));  // nor within one process
  writer.reset();
  write_to(path);
}

BOOST_AUTO_TEST_CASE(files_of_others_are_refused_and_left_alone) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& path, const std::string& part) {
    const auto before = read_file(path, ExitCode::internal);
    const auto writer = JournalWriter::open(path);
    const auto reader = JournalReader::open(path);
    BOOST_TEST_REQUIRE(!writer);
    BOOST_TEST_REQUIRE(!reader);
    for (const auto* error : {&writer.error(), &reader.error()}) {
      BOOST_TEST((error->code == ExitCode::preflight));
      BOOST_TEST(error->line().find(path) != std::string::npos, error->line());
      BOOST_TEST(error->line().find(part) != std::string::npos, error->line());
    }
    BOOST_TEST((read_file(path, ExitCode::internal).value() == before.value()));
  };
  done(write_file(folder.file("text"), std::string(5'000, 'x'), false));
  refused(folder.file("text"), "not a database");

  const auto make = [&](const std::string& name, const char* sql) {
    auto database = ordeal::journal::Database::open(folder.file(name),
                                                    ordeal::journal::Database::Mode::read_write);
    BOOST_TEST_REQUIRE(!!database);
    done(database->exec(sql));
  };
  make("foreign", "CREATE TABLE t(a)");
  refused(folder.file("foreign"), "a database of another program");
  make("marked", "PRAGMA application_id = 77");
  refused(folder.file("marked"), "a database of another program");

  write_to(folder.file("newer"));
  make("newer", "PRAGMA journal_mode = DELETE; PRAGMA user_version = 2");
  refused(folder.file("newer"), "written by a newer ordeal (journal version 2; this one knows 1)");

  BOOST_TEST(!JournalReader::open(folder.file("missing")));
  BOOST_TEST(!std::filesystem::exists(folder.file("missing")));
  done(write_file(folder.file("empty"), "", false));
  BOOST_TEST(!JournalReader::open(folder.file("empty")));
  const auto nowhere = JournalWriter::open(folder.file("none/journal.db"));
  BOOST_TEST_REQUIRE(!nowhere);
  BOOST_TEST((nowhere.error().code == ExitCode::preflight));
}

BOOST_AUTO_TEST_CASE(a_checkpoint_empties_the_log_also_with_readers_about) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  const auto writer = write_to(path);
  const auto reader = read_from(path);
  const auto fill = [&] {
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      done(writer->second(make_row(1, i)));
      if (i % 100 == 0) done(writer->commit());
    }
    done(writer->commit());
  };
  fill();
  BOOST_TEST(writer->wal_bytes() > 500'000u);  // nothing is moved unasked
  BOOST_TEST(value_of(reader->seconds(1)).size() == 5'000u);
  done(writer->checkpoint());
  BOOST_TEST(writer->wal_bytes() == 0u);
  fill();
  // A reader in the middle of a query holds the log, and must neither fail nor stop the writer.
  value_of(writer->event(make_event("x")));
  done(writer->metric({1, "c", "m", "", "", "gauge", ""}));
  for (std::uint64_t i = 0; i < 100; ++i) done(writer->sample({1, "", i, i, 1.0}));
  done(writer->commit());
  std::size_t seen = 0;
  done(reader->samples(1, [&](const SampleRow&) {
    if (seen++ != 50) return;
    done(writer->sample({1, "", 1'000, 1'000, 1.0}));
    done(writer->checkpoint());
    BOOST_TEST(writer->wal_bytes() > 0u);
  }));
  BOOST_TEST(seen == 100u);
  done(writer->checkpoint());
  BOOST_TEST(writer->wal_bytes() == 0u);
  BOOST_TEST(value_of(reader->seconds(1)).size() == 10'000u);
}

BOOST_AUTO_TEST_CASE(old_seconds_are_forgotten) {
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  const auto writer = write_to(path);
  for (std::uint64_t i = 0; i < 100; ++i) done(writer->second(make_row(i < 50 ? 1 : 2, i)));
  done(writer->block(make_row(1, 1), Histogram()));
  done(writer->forget_seconds_before(40));
  done(writer->commit());
  const auto reader = read_from(path);
  const auto rows = value_of(reader->seconds(1));
  BOOST_TEST_REQUIRE(rows.size() == 10u);
  BOOST_TEST(rows[0].mono_ns == 40u);
  BOOST_TEST(value_of(reader->seconds(2)).size() == 50u);
  BOOST_TEST(value_of(reader->blocks(1)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_finished_journal_can_be_read_where_nothing_can_be_written) {
  // A person other than the owner; root may write everywhere, so it takes another identity on.
  const TemporaryFolder folder;
  const auto path = folder.file("journal.db");
  value_of(write_to(path)->event(make_event("x")));
  const auto as_nobody = [](auto work) {
    in_a_child([&] {
      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 2;
      return work();
    });
  };
  BOOST_TEST_REQUIRE(::chmod(path.c_str(), 0444) == 0);
  BOOST_TEST_REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  as_nobody([&] {
    if (::access(folder.path().c_str(), W_OK) == 0) return 3;
    auto reader = JournalReader::open(path);
    if (!reader) return 4;
    const auto events = (*reader)->events();
    return events && events->size() == 1 ? 0 : 5;
  });
  // With a log beside it the database alone would be a lie.
  BOOST_TEST_REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  done(write_file(path + "-wal", std::string(5'000, '\0'), false));
  BOOST_TEST_REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  as_nobody([&] {
    const auto reader = JournalReader::open(path);
    return !reader && !reader.error().fix.empty() ? 0 : 6;
  });
  BOOST_TEST_REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
}

BOOST_AUTO_TEST_CASE(the_newest_topic_events_are_kept) {
  const TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
  const auto writer = write_to(path);
  TopicEventRow row;
  row.topic = "com.acme.kv/hot-keys";
  row.source = "com.acme.kv 1.0.0 (scenario kv)";
  row.generation = 3;
  row.payload = std::string("a\0b", 3);
  row.body_bytes = 5000;
  row.body = "begins";
  const std::uint64_t count = topic_events_max + 1000;
  for (std::uint64_t i = 0; i < count; ++i) {
    row.seq = 100 + i;
    row.mono_ns = i;
    done(writer->topic_event(row));
  }
  done(writer->commit());
  const auto events = value_of(read_from(path)->topic_events());
  BOOST_TEST(events.size() >= topic_events_max);
  BOOST_TEST(events.size() < topic_events_max + 256);
  BOOST_TEST(events.back().seq == 100 + count - 1);
  BOOST_TEST(events.front().seq == events.back().seq - events.size() + 1);
  BOOST_TEST(events.back().topic == row.topic);
  BOOST_TEST(events.back().source == row.source);
  BOOST_TEST(events.back().generation == 3u);
  BOOST_TEST(events.back().payload == row.payload);
  BOOST_TEST(events.back().body == "begins");
  BOOST_TEST(events.back().body_bytes == 5000u);
}

BOOST_AUTO_TEST_CASE(a_journal_from_before_topic_events_has_none) {
  const TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
  write_to(path).reset();
  {
    auto database =
        ordeal::journal::Database::open(path, ordeal::journal::Database::Mode::read_write);
    BOOST_TEST_REQUIRE(!!database);
    done(database->exec("DROP TABLE topic_events"));
  }
  BOOST_TEST(value_of(read_from(path)->topic_events()).empty());
  TopicEventRow row;
  row.topic = "a.b/c";
  const auto writer = write_to(path);
  done(writer->topic_event(row));
  done(writer->commit());
  BOOST_TEST(value_of(read_from(path)->topic_events()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
