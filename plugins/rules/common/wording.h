// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace rules {

/// 0.8, 1.235e+06.
std::string number(double value);
/// "30 s" from nanoseconds.
std::string seconds(std::uint64_t ns);
/// "12.5 %" from a ratio.
std::string percent(double ratio);
/// "512 MiB", with the unit that fits.
std::string bytes(double count);

}  // namespace rules
