// SPDX-License-Identifier: Apache-2.0
/// Taking /proc text apart without allocating.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace procfs {

/// Takes the next line off `rest`, without its end.
inline std::string_view take_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

/// Takes the next word off `rest`; empty at the end.
inline std::string_view take_word(std::string_view& rest) noexcept {
  const std::size_t begin = rest.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(begin);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t\n"));
  rest.remove_prefix(word.size());
  return word;
}

/// The whole word as an unsigned number, or nothing.
inline std::optional<std::uint64_t> unsigned_number(std::string_view word) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// The whole word as a decimal fraction, or nothing.
inline std::optional<double> decimal_number(std::string_view word) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// A label value as samples carry it: commas become %2C.
inline std::string label(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace procfs
