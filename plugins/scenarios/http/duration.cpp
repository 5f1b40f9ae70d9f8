// SPDX-License-Identifier: Apache-2.0
#include "duration.h"

#include <array>
#include <charconv>
#include <utility>

namespace http {

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  // Longer units first among those that begin alike.
  static constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    bool known = false;
    for (const auto& [name, ns] : units) {
      if (!text.starts_with(name)) continue;
      total += number * ns;
      text.remove_prefix(name.size());
      known = true;
      break;
    }
    if (!known) return std::nullopt;
  }
  if (!(total <= 24 * 3600e9)) return std::nullopt;
  return static_cast<std::uint64_t>(total);
}

}  // namespace http
