// SPDX-License-Identifier: Apache-2.0
#include "journal/database.h"

#include <sqlite3.h>

#include <limits>

namespace ordeal::journal {

namespace {

Error failure(sqlite3* handle) {
  Error error;
  error.what = handle == nullptr ? "out of memory" : sqlite3_errmsg(handle);
  return error;
}

/// As a URI, since only a URI can say immutable=1.
std::string uri_of(const std::string& path, Database::Mode mode) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string uri = "file:";
  for (const char c : path) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || code < 0x21 || code > 0x7e) {
      uri += {'%', digits[code >> 4], digits[code & 15]};
    } else {
      uri += c;
    }
  }
  switch (mode) {
    case Database::Mode::read_write:
      return uri + "?mode=rwc";
    case Database::Mode::read_only:
      return uri + "?mode=ro";
    case Database::Mode::immutable:
      return uri + "?mode=ro&immutable=1";
  }
  return uri;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_.get()));
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

Result<void> Statement::finish() {
  for (;;) {
    const auto row = step();
    if (row && *row) continue;
    Result<void> done;
    if (!row) done = row.error();
    reset();
    return done;
  }
}

// A failed bind (out of memory) leaves NULL, which every column refuses when the row is stepped.
void Statement::bind_one(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

void Statement::bind_one(int index, double value) {
  sqlite3_bind_double(statement_.get(), index, value);
}

void Statement::bind_one(int index, std::string_view value) {
  // A null pointer would bind NULL, not the empty text.
  sqlite3_bind_text64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_one(int index, std::span<const std::byte> value) {
  if (value.empty()) {
    sqlite3_bind_zeroblob(statement_.get(), index, 0);
  } else {
    sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), SQLITE_STATIC);
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::uint64_t Statement::natural(int column) const {
  return static_cast<std::uint64_t>(integer(column));
}

std::uint32_t Statement::number(int column) const {
  return static_cast<std::uint32_t>(integer(column));
}

double Statement::real(int column) const {
  // SQLite stores NaN as NULL; it must not come back as a zero nobody measured.
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL)
    return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const std::byte*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                              : SQLITE_OPEN_READONLY);
  const int code = sqlite3_open_v2(uri_of(path, mode).c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) {
    Error error = failure(handle);
    error.code = ExitCode::preflight;
    return std::move(error).within("opening " + path);
  }
  return database;
}

Result<void> Database::exec(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure(handle_.get());
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK)
    return failure(handle_.get());
  return Statement(statement);
}

Result<std::int64_t> Database::integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->text(0) : std::string();
}

void Database::busy_timeout(int milliseconds) { sqlite3_busy_timeout(handle_.get(), milliseconds); }

std::int64_t Database::last_rowid() const { return sqlite3_last_insert_rowid(handle_.get()); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

Result<bool> Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             nullptr, nullptr);
  if (code == SQLITE_OK) return true;
  if (code == SQLITE_BUSY) return false;
  return failure(handle_.get());
}

}  // namespace ordeal::journal
