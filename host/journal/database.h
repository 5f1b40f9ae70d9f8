// SPDX-License-Identifier: Apache-2.0
// SQLite's C API with owners and Results. Internal to host/journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ordeal::journal {

/// One prepared statement. Used by the thread of its database; must not outlive it.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  /// Binds `values` to ?1, ?2, ... Texts and blobs are borrowed until reset().
  template <typename... Values>
  void bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
  }
  /// True: a row is there. False: no more rows. Error: internal, SQLite's message.
  Result<bool> step();
  void reset();
  /// bind, step to the end, reset.
  template <typename... Values>
  Result<void> run(const Values&... values) {
    bind(values...);
    return finish();
  }

  // Columns of the present row, from 0. Views live until the next step or reset.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t natural(int column) const;
  [[nodiscard]] std::uint32_t number(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::int32_t value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, std::uint32_t value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, std::uint64_t value) {
    bind_one(index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, std::span<const std::byte> value);
  Result<void> finish();

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection. One thread at a time.
class Database {
 public:
  enum class Mode { read_write, read_only, immutable };

  /// Error: preflight, naming the path.
  static Result<Database> open(const std::string& path, Mode mode);

  Result<void> exec(const char* sql);
  Result<Statement> prepare(const char* sql);
  /// The single integer a query answers, 0 when it answers no row.
  Result<std::int64_t> integer(const char* sql);
  Result<std::string> text(const char* sql);
  void busy_timeout(int milliseconds);
  [[nodiscard]] std::int64_t last_rowid() const;
  /// SQLite ends a transaction itself on some errors (disk full, I/O).
  [[nodiscard]] bool in_transaction() const;
  /// Moves all it can and truncates the WAL; false when readers held parts of it.
  Result<bool> checkpoint();

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace ordeal::journal
