// SPDX-License-Identifier: Apache-2.0
// How figures are written in sentences for people.
#pragma once

#include <cstdint>
#include <string>

namespace ordeal {

/// Three significant digits with the fitting unit: "812 ms", "1.25 s", "43 us", "250 ns".
std::string say_seconds(double seconds);
/// "95.3 %"; four significant digits near 0 and 1, so that 99.99 % does not read as 100 %.
std::string say_share(double share);
/// "181/s".
std::string say_rate(double per_second);
/// A figure in `unit`: "s", "ratio" or "1/s".
std::string say_figure(double value, const std::string& unit);
/// "1 operation", "3 operations".
std::string say_count(std::uint64_t count, const std::string& noun);

}  // namespace ordeal
