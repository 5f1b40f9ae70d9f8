// SPDX-License-Identifier: Apache-2.0
// Expected failures: a value or an Error that says what, where, what was expected and how to mend
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ordeal {

/// What the program exits with, as in the table of ordeal(1). Also the code of an Error.
enum class ExitCode : int {
  go = 0,
  usage = 2,
  no_go = 99,
  invalid_config = 104,
  stopped = 105,
  internal = 109,
  safety_stop = 111,
  preflight = 112,
  plugin_rejected = 113,
  measurement_invalid = 114,
  inconclusive = 115,
  incomplete = 116,
};

/// The place of bad input. Empty parts are left out of the message.
struct Location {
  std::string file;
  std::uint32_t line = 0;  // from 1; 0: unknown
  std::uint32_t column = 0;
  std::string pointer;  // JSON pointer (RFC 6901)
};

/// An expected failure. A value type; safe to copy between threads.
struct Error {
  ExitCode code = ExitCode::internal;
  std::string what;      // "unknown key 'raet'"
  Location where;        // file:line:column, pointer
  std::string expected;  // "one of rate, connections, ..."
  std::string fix;       // "did you mean 'rate'?"
  std::string context;   // outer first: "loading plugin org.ordeal.http"

  /// Puts an outer context before the present one. Returns *this for chaining.
  Error&& within(std::string_view outer) &&;

  /// The one line a person sees: `file:3:14: /load/0/raet: context: what; expected ...; fix`.
  [[nodiscard]] std::string line() const;
};

/// Makes an Error of `code` from errno: "opening /x: Permission denied".
Error errno_error(ExitCode code, std::string_view doing, int error_number);

/// A value or an Error. Check with operator bool before value(); misuse is a programmer error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const noexcept { return !error_; }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace ordeal
