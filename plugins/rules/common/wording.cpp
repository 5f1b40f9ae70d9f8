// SPDX-License-Identifier: Apache-2.0
#include "wording.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace rules {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string seconds(std::uint64_t ns) { return number(static_cast<double>(ns) / 1e9) + " s"; }

std::string percent(double ratio) { return number(ratio * 100) + " %"; }

std::string bytes(double count) {
  static constexpr std::array<const char*, 5> units{" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (std::fabs(count) >= 1024 && unit + 1 < units.size()) {
    count /= 1024;
    ++unit;
  }
  return number(count) + units[unit];
}

}  // namespace rules
