// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "journal/database.h"
#include "journal/journal.h"
#include "journal/packing.h"
#include "journal/schema.h"

namespace ordeal {

namespace {

using journal::Database;
using journal::Statement;

constexpr int busy_ms = 2000;

Moment moment_at(const Statement& statement, int column) {
  return {statement.text(column), statement.natural(column + 1), statement.natural(column + 2)};
}

class Reader final : public JournalReader {
 public:
  Reader(std::string path, Database database)
      : path_(std::move(path)), database_(std::move(database)) {}

  Result<std::optional<std::string>> get(const std::string& key) override;
  Result<std::vector<JournalEvent>> events(std::uint64_t after_seq) override;
  Result<std::vector<PhaseRow>> phases() override;
  Result<std::vector<SeriesRow>> seconds(std::int32_t phase) override;
  Result<std::vector<SeriesRow>> blocks(std::int32_t phase) override;
  Result<Histogram> latency(std::int32_t phase, std::uint32_t load, std::uint32_t kind,
                            std::uint64_t from_wall_ns) override;
  Result<void> block_latencies(
      std::int32_t phase,
      const std::function<Result<void>(const SeriesRow&, const Histogram&)>& each) override;
  Result<std::vector<PhaseHistogram>> phase_histograms(std::int32_t phase) override;
  Result<std::vector<TopicEventRow>> topic_events() override;
  Result<std::vector<MetricRow>> metrics() override;
  Result<void> samples(std::uint32_t metric,
                       const std::function<void(const SampleRow&)>& row) override;

 private:
  /// Calls `each(statement)`, a Result<void>, for every row of a query.
  template <typename Each, typename... Values>
  Result<void> query(const char* sql, Each each, const Values&... values);
  Result<std::vector<SeriesRow>> rows(const char* sql, std::int32_t phase);

  const std::string path_;
  Database database_;
};

template <typename Each, typename... Values>
Result<void> Reader::query(const char* sql, Each each, const Values&... values) {
  auto statement = database_.prepare(sql);
  if (!statement) return std::move(statement).error().within("reading " + path_);
  statement->bind(values...);
  for (;;) {
    const auto row = statement->step();
    if (!row) return Error(row.error()).within("reading " + path_);
    if (!*row) return {};
    if (Result<void> done = each(*statement); !done)
      return std::move(done).error().within("reading " + path_);
  }
}

Result<std::optional<std::string>> Reader::get(const std::string& key) {
  std::optional<std::string> json;
  auto done = query(
      "SELECT json FROM facts WHERE key = ?1",
      [&](const Statement& row) {
        json = row.text(0);
        return Result<void>();
      },
      key);
  if (!done) return std::move(done).error();
  return json;
}

Result<std::vector<JournalEvent>> Reader::events(std::uint64_t after_seq) {
  std::vector<JournalEvent> events;
  auto done = query(
      "SELECT seq, boot, mono, wall, topic, type, phase, data FROM events "
      "WHERE seq > ?1 ORDER BY seq",
      [&](const Statement& row) {
        events.push_back({row.natural(0), moment_at(row, 1), row.text(4), row.text(5),
                          static_cast<std::int32_t>(row.integer(6)), row.text(7)});
        return Result<void>();
      },
      after_seq);
  if (!done) return std::move(done).error();
  return events;
}

Result<std::vector<PhaseRow>> Reader::phases() {
  std::vector<PhaseRow> phases;
  auto done = query(
      "SELECT number, attempt, name, state, start_boot, start_mono, start_wall, end_boot, "
      "end_mono, "
      "end_wall, plan, result FROM phases ORDER BY number, attempt",
      [&](const Statement& row) {
        phases.push_back({static_cast<std::int32_t>(row.integer(0)),
                          static_cast<std::int32_t>(row.integer(1)), row.text(2), row.text(3),
                          moment_at(row, 4), moment_at(row, 7), row.text(10), row.text(11)});
        return Result<void>();
      });
  if (!done) return std::move(done).error();
  return phases;
}

Result<std::vector<SeriesRow>> Reader::rows(const char* sql, std::int32_t phase) {
  std::vector<SeriesRow> rows;
  auto done = query(
      sql,
      [&](const Statement& row) -> Result<void> {
        auto unpacked = journal::unpack_row(row.blob(0));
        if (!unpacked) return std::move(unpacked).error();
        rows.push_back(*unpacked);
        return {};
      },
      phase);
  if (!done) return std::move(done).error();
  return rows;
}

Result<std::vector<SeriesRow>> Reader::seconds(std::int32_t phase) {
  return rows("SELECT row FROM seconds WHERE phase = ?1 ORDER BY id", phase);
}

Result<std::vector<SeriesRow>> Reader::blocks(std::int32_t phase) {
  return rows("SELECT row FROM blocks WHERE phase = ?1 ORDER BY id", phase);
}

Result<Histogram> Reader::latency(std::int32_t phase, std::uint32_t load, std::uint32_t kind,
                                  std::uint64_t from_wall_ns) {
  std::optional<Histogram> whole;
  auto done = query(
      "SELECT histogram, row FROM blocks WHERE phase = ?1 AND load = ?2 AND kind = ?3",
      [&](const Statement& row) -> Result<void> {
        if (from_wall_ns > 0) {
          auto block = journal::unpack_row(row.blob(1));
          if (!block) return std::move(block).error();
          if (block->wall_ns + block->duration_ns / 2 < from_wall_ns) return {};
        }
        auto part = journal::unpack_histogram(row.blob(0));
        if (!part) return std::move(part).error();
        if (!whole) {
          whole = std::move(part).value();
        } else if (whole->unit_ns() == part->unit_ns()) {
          whole->merge(*part);
        } else {
          Error error;
          error.what = "the blocks of one series have different units";
          return error;
        }
        return {};
      },
      phase, load, kind);
  if (!done) return std::move(done).error();
  if (!whole) return Histogram();
  return std::move(whole).value();
}

Result<void> Reader::block_latencies(
    std::int32_t phase,
    const std::function<Result<void>(const SeriesRow&, const Histogram&)>& each) {
  return query(
      "SELECT row, histogram FROM blocks WHERE phase = ?1 ORDER BY id",
      [&](const Statement& row) -> Result<void> {
        auto block = journal::unpack_row(row.blob(0));
        if (!block) return std::move(block).error();
        auto latency = journal::unpack_histogram(row.blob(1));
        if (!latency) return std::move(latency).error();
        return each(*block, *latency);
      },
      phase);
}

Result<std::vector<PhaseHistogram>> Reader::phase_histograms(std::int32_t phase) {
  std::vector<PhaseHistogram> histograms;
  auto done = query(
      "SELECT load, kind, series, histogram FROM phase_histograms WHERE phase = ?1 "
      "ORDER BY load, kind, series",
      [&](const Statement& row) -> Result<void> {
        auto histogram = journal::unpack_histogram(row.blob(3));
        if (!histogram) return std::move(histogram).error();
        histograms.push_back(
            {phase, row.number(0), row.number(1), row.text(2), std::move(histogram).value()});
        return {};
      },
      phase);
  if (!done) return std::move(done).error();
  return histograms;
}

Result<std::vector<TopicEventRow>> Reader::topic_events() {
  std::vector<TopicEventRow> events;
  auto there = database_.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'topic_events'");
  if (!there) return std::move(there).error().within("reading " + path_);
  if (*there == 0) return events;
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  auto done = query(
      "SELECT seq, mono, wall, topic, source, generation, payload, body, body_bytes "
      "FROM topic_events ORDER BY id",
      [&](const Statement& row) {
        events.push_back({row.natural(0), row.natural(1), row.natural(2), row.text(3), row.text(4),
                          row.number(5), text(row.blob(6)), text(row.blob(7)), row.natural(8)});
        return Result<void>();
      });
  if (!done) return std::move(done).error();
  return events;
}

Result<std::vector<MetricRow>> Reader::metrics() {
  std::vector<MetricRow> metrics;
  auto done =
      query("SELECT id, collector, name, unit, help, type, label_names FROM metrics ORDER BY id",
            [&](const Statement& row) {
              metrics.push_back({row.number(0), row.text(1), row.text(2), row.text(3), row.text(4),
                                 row.text(5), row.text(6)});
              return Result<void>();
            });
  if (!done) return std::move(done).error();
  return metrics;
}

Result<void> Reader::samples(std::uint32_t metric,
                             const std::function<void(const SampleRow&)>& row) {
  return query(
      "SELECT r.labels, s.mono, s.wall, s.value FROM samples s JOIN series r ON s.series = r.id "
      "WHERE r.metric = ?1 ORDER BY s.id",
      [&](const Statement& at) {
        row({metric, at.text(0), at.natural(1), at.natural(2), at.real(3)});
        return Result<void>();
      },
      metric);
}

Result<Database> open_checked(const std::string& path, Database::Mode mode) {
  auto database = Database::open(path, mode);
  if (!database) return database;
  database->busy_timeout(busy_ms);
  const auto ours = journal::check_schema(*database, path);
  if (!ours) return ours.error();
  if (*ours) return database;
  Error error;
  error.code = ExitCode::preflight;
  error.what = path + " is empty: the run it belongs to never started";
  return error;
}

}  // namespace

Result<std::unique_ptr<JournalReader>> JournalReader::open(const std::string& path) {
  auto database = open_checked(path, Database::Mode::read_only);
  // Even a reader needs the -shm file, which it cannot make in a folder it may only read. Without a
  // WAL the database file alone is the whole journal, and nobody can be writing it.
  if (!database && ::access(path.c_str(), R_OK) == 0) {
    struct stat log {};
    const bool wal = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size != 0;
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const bool read_only = ::access(folder.c_str(), W_OK) != 0;
    if (read_only && !wal) database = open_checked(path, Database::Mode::immutable);
    if (!database && read_only && wal)
      database.error().fix = "copy its folder to where you may write, and read the copy";
  }
  if (!database) return std::move(database).error();
  return std::unique_ptr<JournalReader>(
      std::make_unique<Reader>(path, std::move(database).value()));
}

}  // namespace ordeal
