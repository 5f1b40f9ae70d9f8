// SPDX-License-Identifier: Apache-2.0
#include "document/figures.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace ordeal::reports {
namespace {

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::string trimmed(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Three significant digits, no exponent: enough to act on.
std::string three_digits(double value) {
  const double size = std::fabs(value);
  if (size >= 100 || size == 0) return fixed(value, 0);
  return trimmed(fixed(value, size >= 10 ? 1 : 2));
}

std::string grouped(std::string_view digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace

std::string count(std::optional<double> value, int decimals) {
  if (!value || !std::isfinite(*value)) return std::string(no_data);
  if (std::fabs(*value) < 100 && decimals > 0) return trimmed(fixed(*value, decimals));
  return grouped(fixed(*value, 0));
}

std::string seconds(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return std::string(no_data);
  const double size = std::fabs(*value);
  if (size == 0) return "0 ms";
  if (size >= 0.9995) return three_digits(*value) + " s";
  if (size >= 0.9995e-3) return three_digits(*value * 1e3) + " ms";
  return three_digits(*value * 1e6) + " us";
}

std::string span(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds) || std::fabs(*seconds) > 1e12)
    return std::string(no_data);
  if (*seconds < 0) return "-" + span(-*seconds);
  if (*seconds < 59.95) return trimmed(fixed(*seconds, *seconds < 10 ? 1 : 0)) + "s";
  const auto whole = static_cast<std::int64_t>(std::llround(*seconds));
  const auto two = [](std::int64_t a, const char* first, std::int64_t b, const char* second) {
    std::string text = std::to_string(a) + first;
    if (b != 0) text += (b < 10 ? " 0" : " ") + std::to_string(b) + second;
    return text;
  };
  if (whole < 3600) return two(whole / 60, "m", whole % 60, "s");
  if (whole < 86'400) return two(whole / 3600, "h", whole % 3600 / 60, "m");
  return two(whole / 86'400, "d", whole % 86'400 / 3600, "h");
}

std::string percent(std::optional<double> share) {
  if (!share || !std::isfinite(*share)) return std::string(no_data);
  const double value = *share * 100;
  for (int decimals = value > 99 || value < 1 ? 2 : 1; decimals <= 6; ++decimals) {
    const std::string text = trimmed(fixed(value, decimals));
    const bool hides = (value < 100 && text == "100") || (value > 0 && text == "0");
    if (!hides) return text + " %";
  }
  return value >= 50 ? "99.999999 %" : "0.000001 %";
}

std::string rate(std::optional<double> per_second) {
  if (!per_second || !std::isfinite(*per_second)) return std::string(no_data);
  const double size = std::fabs(*per_second);
  return (size >= 1000 ? grouped(fixed(*per_second, 0)) : three_digits(*per_second)) + "/s";
}

std::string bytes(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return std::string(no_data);
  constexpr std::array<const char*, 6> units = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  double shown = *value;
  std::size_t unit = 0;
  while (std::fabs(shown) >= 999.5 && unit + 1 < units.size()) {
    shown /= 1024;
    ++unit;
  }
  return three_digits(shown) + units[unit];
}

std::string in_unit(std::optional<double> value, std::string_view unit) {
  if (unit == "s" || unit == "seconds") return seconds(value);
  if (unit == "ratio") return percent(value);
  if (unit == "1/s") return rate(value);
  if (unit == "bytes") return bytes(value);
  std::string text = count(value, 3);
  if (value && !unit.empty()) text += " " + std::string(unit);
  return text;
}

std::string moment(std::string_view iso) {
  if (iso.size() < 20 || iso[10] != 'T' || iso.back() != 'Z') return std::string(iso);
  return std::string(iso.substr(0, 10)) + " " + std::string(iso.substr(11, 8)) + " UTC";
}

std::string counted(double n, std::string_view one, std::string_view many) {
  return count(n) + " " + std::string(n == 1 ? one : many);
}

std::string interval(View interval, std::string_view unit) {
  const auto low = interval.at(0).number();
  const auto high = interval.at(1).number();
  if (!interval.is_array() || !low || !high) return std::string(no_data);
  return in_unit(low, unit) + " to " + in_unit(high, unit);
}

}  // namespace ordeal::reports
