// SPDX-License-Identifier: Apache-2.0
#include "analysis/wording.h"

#include <cmath>
#include <cstdio>

namespace ordeal {
namespace {

std::string digits(double value, int significant) {
  char text[64];
  const double size = std::fabs(value);
  const int whole = size >= 1 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
  const int decimals = significant > whole ? significant - whole : 0;
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
  }
  return out;
}

}  // namespace

std::string say_seconds(double seconds) {
  const double size = std::fabs(seconds);
  if (size == 0) return "0 s";
  if (size >= 0.9995) return digits(seconds, 3) + " s";
  if (size >= 0.9995e-3) return digits(seconds * 1e3, 3) + " ms";
  if (size >= 0.9995e-6) return digits(seconds * 1e6, 3) + " us";
  return digits(seconds * 1e9, 3) + " ns";
}

std::string say_share(double share) {
  const double percent = share * 100;
  const bool near_an_end = percent > 99 || (percent < 1 && percent > -1);
  return digits(percent, near_an_end ? 5 : 3) + " %";
}

std::string say_rate(double per_second) { return digits(per_second, 3) + "/s"; }

std::string say_figure(double value, const std::string& unit) {
  if (unit == "s") return say_seconds(value);
  if (unit == "ratio") return say_share(value);
  return say_rate(value);
}

std::string say_count(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

}  // namespace ordeal
