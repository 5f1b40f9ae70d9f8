// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace ordeal {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// Falling, so that "the next unit must come later in this list" is the rule of order.
constexpr std::array<Unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

Error bad_duration(std::string_view text, const std::string& why, std::string fix = {}) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = "bad duration '" + std::string(text) + "': " + why;
  error.expected = "numbers with units d, h, m, s, ms, us or ns, largest first, such as \"1m30s\"";
  error.fix = std::move(fix);
  return error;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::int64_t max_ns = std::numeric_limits<std::int64_t>::max();

/// digits[.digits] of `unit`, exactly (fractions below 1 ns are rounded half up). -1: too large.
std::int64_t scaled(std::string_view whole, std::string_view fraction, std::int64_t unit) {
  std::int64_t value = 0;
  for (char c : whole) {
    if (value > (max_ns - (c - '0')) / 10) return -1;
    value = value * 10 + (c - '0');
  }
  if (value > max_ns / unit) return -1;
  value *= unit;
  __extension__ using Wide = unsigned __int128;
  Wide numerator = 0;
  Wide denominator = 1;
  for (char c : fraction.substr(0, 18)) {
    numerator = numerator * 10 + static_cast<unsigned>(c - '0');
    denominator *= 10;
  }
  const auto part = static_cast<std::int64_t>(
      (numerator * static_cast<Wide>(unit) * 2 + denominator) / (denominator * 2));
  return part > max_ns - value ? -1 : value + part;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  if (text.empty()) return bad_duration(text, "it is empty");
  std::int64_t total = 0;
  std::size_t at = 0;
  std::size_t next_unit = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    const std::string_view whole = text.substr(start, at - start);
    std::string_view fraction;
    if (at < text.size() && text[at] == '.') {
      const std::size_t dot = ++at;
      while (at < text.size() && is_digit(text[at])) ++at;
      fraction = text.substr(dot, at - dot);
      if (fraction.empty()) return bad_duration(text, "a digit must follow the point");
    }
    if (whole.empty()) {
      if (text[start] == '-') return bad_duration(text, "a duration cannot be negative");
      return bad_duration(text, "a number must come before its unit");
    }
    const std::size_t unit_start = at;
    while (at < text.size() && !is_digit(text[at]) && text[at] != '.') ++at;
    const std::string_view name = text.substr(unit_start, at - unit_start);
    if (name.empty()) {
      return bad_duration(text, "the unit is missing",
                          "did you mean \"" + std::string(text) + "s\"?");
    }
    std::size_t unit = 0;
    while (unit < units.size() && units[unit].name != name) ++unit;
    if (unit == units.size()) return bad_duration(text, "unknown unit '" + std::string(name) + "'");
    if (unit < next_unit) {
      return bad_duration(text, "unit '" + std::string(name) + "' comes twice or out of order");
    }
    next_unit = unit + 1;
    const std::int64_t value = scaled(whole, fraction, units[unit].ns);
    if (value < 0 || value > max_ns - total) {
      return bad_duration(text, "longer than 292 years");
    }
    total += value;
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  // The smallest value has no positive counterpart; work on the magnitude as unsigned.
  std::uint64_t rest =
      left < 0 ? ~static_cast<std::uint64_t>(left) + 1 : static_cast<std::uint64_t>(left);
  if (left < 0) text = "-";
  for (const Unit& unit : units) {
    const std::uint64_t size = static_cast<std::uint64_t>(unit.ns);
    if (rest >= size) {
      text += std::to_string(rest / size);
      text += unit.name;
      rest %= size;
    }
  }
  return text;
}

std::string human_duration(Duration duration) {
  if (duration < Duration::zero()) {
    return duration == Duration::min() ? "-" + human_duration(Duration::max())
                                       : "-" + human_duration(-duration);
  }
  const double seconds = std::chrono::duration<double>(duration).count();
  std::array<char, 48> text{};
  const auto print = [&text](const char* format, auto... values) {
    std::snprintf(text.data(), text.size(), format, values...);
    return std::string(text.data());
  };
  if (duration.count() == 0) return "0s";
  if (duration.count() < 1000) return std::to_string(duration.count()) + "ns";
  if (seconds < 0.9995e-3) return print("%.0fus", seconds * 1e6);
  if (seconds < 0.9995) return print("%.0fms", seconds * 1e3);
  if (seconds < 9.95) return print("%.1fs", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return print("%llds", whole);
  if (whole < 3600) return print("%lldm %02llds", whole / 60, whole % 60);
  const long long minutes = (whole + 30) / 60;
  if (minutes < 24 * 60) return print("%lldh %02lldm", minutes / 60, minutes % 60);
  const long long hours = (whole + 1800) / 3600;
  return print("%lldd %02lldh", hours / 24, hours % 24);
}

}  // namespace ordeal
