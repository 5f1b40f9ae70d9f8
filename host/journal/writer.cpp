// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <utility>

#include "base/unique_fd.h"
#include "journal/database.h"
#include "journal/journal.h"
#include "journal/packing.h"
#include "journal/schema.h"

namespace ordeal {

namespace {

using journal::Database;
using journal::Statement;

constexpr int busy_ms = 5000;
// A reader in mid-query must not stall the controller; the next checkpoint does the rest.
constexpr int checkpoint_busy_ms = 50;

struct Statements {
  Statement begin, commit, fact, event, phase, second, block, histogram, metric, series,
      find_series, sample, forget, topic_event, forget_topic_events;
};

class Writer final : public JournalWriter {
 public:
  Writer(std::string path, UniqueFd lock, Database database)
      : path_(std::move(path)), lock_(std::move(lock)), database_(std::move(database)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override {
    // What cannot be committed now is as lost as after a crash, and there is nobody left to tell.
    static_cast<void>(commit());
    // SQLite does it when the last connection closes, which a reader may be.
    static_cast<void>(checkpoint());
  }

  Result<void> prepare();

  Result<void> set(const std::string& key, const std::string& json) override;
  Result<std::uint64_t> event(JournalEvent event) override;
  Result<void> phase(const PhaseRow& row) override;
  Result<void> second(const SeriesRow& row) override;
  Result<void> block(const SeriesRow& row, const Histogram& latency) override;
  Result<void> phase_histogram(const PhaseHistogram& histogram) override;
  Result<void> metric(const MetricRow& row) override;
  Result<void> sample(const SampleRow& row) override;
  Result<void> topic_event(const TopicEventRow& row) override;
  Result<void> commit() override;
  Result<void> forget_seconds_before(std::uint64_t mono_ns) override;
  Result<void> checkpoint() override;
  [[nodiscard]] std::uint64_t wal_bytes() const override;

 private:
  template <typename... Values>
  Result<void> add(Statement& statement, const Values&... values);
  template <typename... Values>
  Result<void> add_durably(Statement& statement, const Values&... values);
  Result<std::int64_t> series_of(std::uint32_t metric, const std::string& labels);
  Result<void> told(Result<void> result);

  const std::string path_;
  const UniqueFd lock_;
  Database database_;  // before the statements, which it must outlive
  Statements statements_;
  std::map<std::pair<std::uint32_t, std::string>, std::int64_t> series_;
};

Result<void> Writer::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&statements_.begin, "BEGIN IMMEDIATE"},
      {&statements_.commit, "COMMIT"},
      {&statements_.fact, "INSERT OR REPLACE INTO facts VALUES(?1, ?2)"},
      {&statements_.event,
       "INSERT INTO events(boot, mono, wall, topic, type, phase, data) "
       "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&statements_.phase,
       "INSERT OR REPLACE INTO phases VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
      {&statements_.second, "INSERT INTO seconds(phase, mono, row) VALUES(?1, ?2, ?3)"},
      {&statements_.block,
       "INSERT INTO blocks(phase, load, kind, mono, row, histogram) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
       "ON CONFLICT(phase, load, kind, mono) DO UPDATE SET row = excluded.row, "
       "histogram = excluded.histogram"},
      {&statements_.histogram,
       "INSERT OR REPLACE INTO phase_histograms VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&statements_.metric, "INSERT OR REPLACE INTO metrics VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&statements_.series, "INSERT INTO series(metric, labels) VALUES(?1, ?2)"},
      {&statements_.find_series, "SELECT id FROM series WHERE metric = ?1 AND labels = ?2"},
      {&statements_.sample,
       "INSERT INTO samples(series, mono, wall, value) VALUES(?1, ?2, ?3, ?4)"},
      {&statements_.topic_event,
       "INSERT INTO topic_events(seq, mono, wall, topic, source, generation, payload, body, "
       "body_bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
      {&statements_.forget_topic_events, "DELETE FROM topic_events WHERE id <= ?1"},
      {&statements_.forget, "DELETE FROM seconds WHERE mono < ?1"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return std::move(prepared).error();
    *statement = std::move(prepared).value();
  }
  return {};
}

Result<void> Writer::told(Result<void> result) {
  if (result) return result;
  // An error may have ended the transaction, and with it the rows of series we remember.
  if (!database_.in_transaction()) series_.clear();
  return std::move(result).error().within("writing " + path_);
}

template <typename... Values>
Result<void> Writer::add(Statement& statement, const Values&... values) {
  if (!database_.in_transaction())
    if (auto begun = statements_.begin.run(); !begun) return told(std::move(begun));
  return told(statement.run(values...));
}

/// The WAL's fsync makes durable whatever was committed before, too. SQLite refuses to change the
/// level within a transaction, hence the commit first.
template <typename... Values>
Result<void> Writer::add_durably(Statement& statement, const Values&... values) {
  if (auto done = commit(); !done) return done;
  if (auto done = database_.exec("PRAGMA synchronous = FULL"); !done) return told(std::move(done));
  auto added = statement.run(values...);
  auto relaxed = database_.exec("PRAGMA synchronous = NORMAL");
  return told(added ? std::move(relaxed) : std::move(added));
}

Result<void> Writer::set(const std::string& key, const std::string& json) {
  return add(statements_.fact, key, json);
}

Result<std::uint64_t> Writer::event(JournalEvent event) {
  auto added = add_durably(statements_.event, event.at.boot_id, event.at.mono_ns, event.at.wall_ns,
                           event.topic, event.type, event.phase, event.data);
  if (!added) return std::move(added).error();
  return static_cast<std::uint64_t>(database_.last_rowid());
}

Result<void> Writer::phase(const PhaseRow& row) {
  return add_durably(statements_.phase, row.index, row.attempt, row.name, row.state,
                     row.started.boot_id, row.started.mono_ns, row.started.wall_ns,
                     row.ended.boot_id, row.ended.mono_ns, row.ended.wall_ns, row.plan, row.result);
}

Result<void> Writer::second(const SeriesRow& row) {
  return add(statements_.second, row.phase, row.mono_ns,
             std::span<const std::byte>(journal::pack_row(row)));
}

Result<void> Writer::block(const SeriesRow& row, const Histogram& latency) {
  const auto packed = journal::pack_histogram(latency);
  if (!packed) return packed.error();
  return add(statements_.block, row.phase, row.load, row.kind, row.mono_ns,
             std::span<const std::byte>(journal::pack_row(row)),
             std::span<const std::byte>(*packed));
}

Result<void> Writer::phase_histogram(const PhaseHistogram& histogram) {
  const auto packed = journal::pack_histogram(histogram.histogram);
  if (!packed) return packed.error();
  return add(statements_.histogram, histogram.phase, histogram.load, histogram.kind,
             histogram.series, std::span<const std::byte>(*packed));
}

Result<void> Writer::metric(const MetricRow& row) {
  return add(statements_.metric, row.id, row.collector, row.name, row.unit, row.help, row.type,
             row.label_names);
}

Result<std::int64_t> Writer::series_of(std::uint32_t metric, const std::string& labels) {
  const auto known = series_.find({metric, labels});
  if (known != series_.end()) return known->second;
  statements_.find_series.bind(metric, labels);
  const auto found = statements_.find_series.step();
  const std::int64_t id = found && *found ? statements_.find_series.integer(0) : 0;
  statements_.find_series.reset();
  if (!found) return found.error();
  if (*found) return series_[{metric, labels}] = id;
  if (auto added = add(statements_.series, metric, labels); !added) return std::move(added).error();
  return series_[{metric, labels}] = database_.last_rowid();
}

Result<void> Writer::sample(const SampleRow& row) {
  const auto series = series_of(row.metric, row.labels);
  if (!series) return series.error();
  return add(statements_.sample, *series, row.mono_ns, row.wall_ns, row.value);
}

Result<void> Writer::topic_event(const TopicEventRow& row) {
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  auto added = add(statements_.topic_event, row.seq, row.mono_ns, row.wall_ns, row.topic,
                   row.source, row.generation, bytes(row.payload), bytes(row.body), row.body_bytes);
  const auto id = static_cast<std::uint64_t>(database_.last_rowid());
  // One delete for many: each has to look for the beginning.
  if (!added || id <= topic_events_max || id % 256 != 0) return added;
  return add(statements_.forget_topic_events, id - topic_events_max);
}

Result<void> Writer::commit() {
  if (!database_.in_transaction()) return {};
  return told(statements_.commit.run());
}

Result<void> Writer::forget_seconds_before(std::uint64_t mono_ns) {
  return add(statements_.forget, mono_ns);
}

Result<void> Writer::checkpoint() {
  if (auto done = commit(); !done) return done;
  database_.busy_timeout(checkpoint_busy_ms);
  auto moved = database_.checkpoint();
  database_.busy_timeout(busy_ms);
  if (!moved) return told(std::move(moved).error());
  return {};
}

std::uint64_t Writer::wal_bytes() const {
  struct stat about {};
  if (::stat((path_ + "-wal").c_str(), &about) != 0) return 0;
  return static_cast<std::uint64_t>(about.st_size);
}

Result<UniqueFd> lock_journal(const std::string& path) {
  const std::string name = path + ".lock";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return errno_error(ExitCode::preflight, "opening " + name, errno);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return errno_error(ExitCode::preflight, "locking " + name, errno);
    Error error;
    error.code = ExitCode::preflight;
    error.what = "another process is writing " + path;
    error.fix = "wait until that run has ended, or stop it with 'ordeal stop'";
    return error;
  }
  return fd;
}

Result<void> set_up(Database& database, const std::string& path) {
  auto ours = journal::check_schema(database, path);
  if (!ours) return std::move(ours).error();
  const auto mode = database.text("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    Error error;
    error.code = ExitCode::preflight;
    error.what = "the file system of " + path + " cannot carry a write-ahead log";
    error.fix = "put the runs on a local file system (XDG_STATE_HOME)";
    return error;
  }
  // Appending needs few pages, and what the cache may take is all that grows in the first hour.
  for (const char* sql :
       {"PRAGMA wal_autocheckpoint = 0", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -1024"})
    if (auto done = database.exec(sql); !done) return done;
  if (!*ours)
    if (auto made = journal::create_schema(database); !made) return made;
  if (auto made = journal::create_topic_events(database); !made) return made;
  return database.exec("PRAGMA synchronous = NORMAL");
}

}  // namespace

Result<std::unique_ptr<JournalWriter>> JournalWriter::open(const std::string& path) {
  auto lock = lock_journal(path);
  if (!lock) return std::move(lock).error();
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return std::move(database).error();
  database->busy_timeout(busy_ms);
  if (auto done = set_up(*database, path); !done)
    return std::move(done).error().within("opening the journal");
  auto writer =
      std::make_unique<Writer>(path, std::move(lock).value(), std::move(database).value());
  if (auto done = writer->prepare(); !done)
    return std::move(done).error().within("opening " + path);
  return std::unique_ptr<JournalWriter>(std::move(writer));
}

}  // namespace ordeal
