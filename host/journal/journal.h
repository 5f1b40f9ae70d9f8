// SPDX-License-Identifier: Apache-2.0
// The journal of a run: SQLite in WAL mode, one writer under flock, any number of readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/outcome.h"
#include "base/result.h"

namespace ordeal {

/// When something happened, on both clocks and in which boot.
struct Moment {
  std::string boot_id;
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
};

/// An event: phase boundary, safety event, decision, plugin trouble, log worth keeping.
struct JournalEvent {
  std::uint64_t seq = 0;  // set by the journal, from 1
  Moment at;
  std::string topic;  // "phase", "safety", "control", "plugin", "log", "campaign"
  std::string type;   // "phase_started", "verdict", "cell_died", ...
  std::int32_t phase = -1;
  std::string data;  // JSON object
};

/// A phase as far as it came.
struct PhaseRow {
  std::int32_t index = 0;
  std::int32_t attempt = 1;
  std::string name;
  std::string state;  // "running", "done", "stopped", "interrupted"
  Moment started;
  Moment ended;        // wall_ns 0 while it runs
  std::string plan;    // JSON: the planned phase
  std::string result;  // JSON: what the controller knows at its end (reasons, wire counts, ...)
};

/// Counts of one operation kind over one period: per second (last hour kept) or per block of 10 s.
struct SeriesRow {
  std::int32_t phase = 0;
  std::uint32_t load = 0;
  std::uint32_t kind = 0;
  std::uint64_t mono_ns = 0;  // start
  std::uint64_t wall_ns = 0;
  std::uint64_t duration_ns = 0;
  OutcomeCounts outcomes{};
  std::uint64_t offered = 0;
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// A histogram over a whole phase: series "latency", "service", "send_lag" or "mark:<name>".
struct PhaseHistogram {
  std::int32_t phase = 0;
  std::uint32_t load = 0;
  std::uint32_t kind = 0;
  std::string series;
  Histogram histogram;
};

/// A metric as declared, and where its values come from.
struct MetricRow {
  std::uint32_t id = 0;
  std::string collector;
  std::string name;
  std::string unit;
  std::string help;
  std::string type;         // "gauge" or "counter"
  std::string label_names;  // comma-separated
};

struct SampleRow {
  std::uint32_t metric = 0;
  std::string labels;
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
  double value = 0;
};

/// An event of a third-party topic, as it went over the bus.
struct TopicEventRow {
  std::uint64_t seq = 0;  // the bus's total order; begins again when a run is resumed
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;  // when it was recorded
  std::string topic;
  std::string source;  // plugin id, version and component
  std::uint32_t generation = 0;
  std::string payload;
  std::string body;  // at most topic_event_body_max of it
  std::uint64_t body_bytes = 0;
};

/// What the journal keeps of them: the newest, and the beginning of each body.
inline constexpr std::uint64_t topic_events_max = 20'000;
inline constexpr std::size_t topic_event_body_max = 1024;

/// The writing side. One thread at a time. Every function's Error has code internal (SQLite's
/// message and the path; after a full disk or an I/O error the open transaction is lost, and what
/// is written next begins a new one). High-rate rows gather in one transaction, which commit()
/// ends. Destroying the writer commits and checkpoints.
class JournalWriter {
 public:
  /// Creates or opens `path` (journal.db), takes the flock on "<path>.lock", checks the schema
  /// version.
  static Result<std::unique_ptr<JournalWriter>> open(const std::string& path);
  virtual ~JournalWriter() = default;

  /// A run-wide fact: "run_id", "campaign", "loads", "verdict", ... Values are JSON. Replaces the
  /// older one; shows to readers and is safe with the next event(), phase() or commit().
  virtual Result<void> set(const std::string& key, const std::string& json) = 0;
  /// On disk (synchronous=FULL) before this returns, with whatever the open transaction held. Gives
  /// the seq.
  virtual Result<std::uint64_t> event(JournalEvent event) = 0;
  /// Inserts or replaces the row of (index, attempt); on disk before it returns, like an event.
  virtual Result<void> phase(const PhaseRow& row) = 0;
  /// Adds to the open transaction; committed by commit() (call once a second).
  virtual Result<void> second(const SeriesRow& row) = 0;
  /// Replaces the block of the same phase, load, kind and start: a block may be written while it
  /// grows.
  virtual Result<void> block(const SeriesRow& row, const Histogram& latency) = 0;
  virtual Result<void> phase_histogram(const PhaseHistogram& histogram) = 0;
  virtual Result<void> metric(const MetricRow& row) = 0;
  virtual Result<void> sample(const SampleRow& row) = 0;
  /// Adds to the open transaction; the oldest beyond topic_events_max are dropped now and then.
  virtual Result<void> topic_event(const TopicEventRow& row) = 0;
  virtual Result<void> commit() = 0;
  /// Drops second rows that began before `mono_ns`.
  virtual Result<void> forget_seconds_before(std::uint64_t mono_ns) = 0;
  /// Commits and moves the WAL into the database. Called at phase ends and when wal_bytes() passes
  /// 8 MiB. A reader in mid-query keeps the part it reads; that waits at most 50 ms and is no
  /// error.
  virtual Result<void> checkpoint() = 0;
  [[nodiscard]] virtual std::uint64_t wal_bytes() const = 0;
};

/// The reading side, mode=ro; works while a writer writes and after any crash. One thread at a
/// time.
class JournalReader {
 public:
  static Result<std::unique_ptr<JournalReader>> open(const std::string& path);
  virtual ~JournalReader() = default;

  virtual Result<std::optional<std::string>> get(const std::string& key) = 0;
  virtual Result<std::vector<JournalEvent>> events(std::uint64_t after_seq = 0) = 0;
  virtual Result<std::vector<PhaseRow>> phases() = 0;
  virtual Result<std::vector<SeriesRow>> seconds(std::int32_t phase) = 0;
  virtual Result<std::vector<SeriesRow>> blocks(std::int32_t phase) = 0;
  /// The latency histogram of a whole phase merged from its blocks, for one load and kind; of those
  /// blocks only whose middle lies at or after `from_wall_ns` (a repeated phase keeps its number).
  virtual Result<Histogram> latency(std::int32_t phase, std::uint32_t load, std::uint32_t kind,
                                    std::uint64_t from_wall_ns = 0) = 0;
  /// The latency histograms of a phase's blocks, one after the other in the order written: a long
  /// phase has thousands. Ends with the first error that `each` gives.
  virtual Result<void> block_latencies(
      std::int32_t phase,
      const std::function<Result<void>(const SeriesRow&, const Histogram&)>& each) = 0;
  virtual Result<std::vector<PhaseHistogram>> phase_histograms(std::int32_t phase) = 0;
  /// In the order of the bus.
  virtual Result<std::vector<TopicEventRow>> topic_events() = 0;
  virtual Result<std::vector<MetricRow>> metrics() = 0;
  /// In the order written, which is that of time; called for each row. `row` may use other
  /// journals, not this reader.
  virtual Result<void> samples(std::uint32_t metric,
                               const std::function<void(const SampleRow&)>& row) = 0;
};

}  // namespace ordeal
