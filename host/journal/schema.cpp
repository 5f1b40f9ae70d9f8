// SPDX-License-Identifier: Apache-2.0
#include "journal/schema.h"

namespace ordeal::journal {

namespace {

constexpr std::int64_t application_id = 0x6f72646c;  // "ordl"

// Rows are read back in the order of their rowid, which is the order of time even when a run was
// resumed after a reboot and the monotonic clock started again.
constexpr const char* tables = R"sql(
BEGIN IMMEDIATE;
PRAGMA application_id = 0x6f72646c;
PRAGMA user_version = 1;
CREATE TABLE facts(key TEXT NOT NULL PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  boot TEXT NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL,
  topic TEXT NOT NULL, type TEXT NOT NULL, phase INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE phases(
  number INTEGER NOT NULL, attempt INTEGER NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
  start_boot TEXT NOT NULL, start_mono INTEGER NOT NULL, start_wall INTEGER NOT NULL,
  end_boot TEXT NOT NULL, end_mono INTEGER NOT NULL, end_wall INTEGER NOT NULL,
  plan TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY(number, attempt)) WITHOUT ROWID;
CREATE TABLE seconds(
  id INTEGER PRIMARY KEY, phase INTEGER NOT NULL, mono INTEGER NOT NULL, row BLOB NOT NULL);
CREATE INDEX seconds_mono ON seconds(mono);
CREATE TABLE blocks(
  id INTEGER PRIMARY KEY, phase INTEGER NOT NULL, load INTEGER NOT NULL, kind INTEGER NOT NULL,
  mono INTEGER NOT NULL, row BLOB NOT NULL, histogram BLOB NOT NULL,
  UNIQUE(phase, load, kind, mono));
CREATE TABLE phase_histograms(
  phase INTEGER NOT NULL, load INTEGER NOT NULL, kind INTEGER NOT NULL, series TEXT NOT NULL,
  histogram BLOB NOT NULL, PRIMARY KEY(phase, load, kind, series)) WITHOUT ROWID;
CREATE TABLE metrics(
  id INTEGER PRIMARY KEY, collector TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
  help TEXT NOT NULL, type TEXT NOT NULL, label_names TEXT NOT NULL);
CREATE TABLE series(
  id INTEGER PRIMARY KEY, metric INTEGER NOT NULL, labels TEXT NOT NULL, UNIQUE(metric, labels));
CREATE TABLE samples(
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL,
  value REAL);
CREATE INDEX samples_series ON samples(series);
COMMIT;
)sql";

// Made when first wanted: journals of version 1 from before it are as good without.
constexpr const char* topic_events = R"sql(
CREATE TABLE IF NOT EXISTS topic_events(
  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL,
  topic TEXT NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL, payload BLOB NOT NULL,
  body BLOB NOT NULL, body_bytes INTEGER NOT NULL);
)sql";

Error refusal(std::string what, std::string fix) {
  Error error;
  error.code = ExitCode::preflight;
  error.what = std::move(what);
  error.fix = std::move(fix);
  return error;
}

}  // namespace

Result<bool> check_schema(Database& database, const std::string& path) {
  const auto tables_there = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables_there) {
    Error error = tables_there.error();
    error.code = ExitCode::preflight;
    return std::move(error).within("reading " + path);
  }
  const auto id = database.integer("PRAGMA application_id");
  if (!id) return id.error();
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*tables_there == 0 && *id == 0 && *version == 0) return false;
  if (*id != application_id)
    return refusal(path + " is a database of another program, not a journal of ordeal", "");
  if (*version > schema_version)
    return refusal(path + " was written by a newer ordeal (journal version " +
                       std::to_string(*version) + "; this one knows " +
                       std::to_string(schema_version) + ")",
                   "use the newer ordeal");
  if (*version != schema_version)
    return refusal(path + " has the unknown journal version " + std::to_string(*version), "");
  return true;
}

Result<void> create_topic_events(Database& database) { return database.exec(topic_events); }

Result<void> create_schema(Database& database) {
  auto made = database.exec(tables);
  if (!made && database.in_transaction()) {
    // The first failure is the one to tell.
    static_cast<void>(database.exec("ROLLBACK"));
  }
  return made;
}

}  // namespace ordeal::journal
