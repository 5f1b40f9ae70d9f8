// SPDX-License-Identifier: Apache-2.0
/// Numbers as people read them. ASCII, or UTF-8 where noted; the same on every locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "document/document.h"

namespace ordeal::reports {

/// What stands where there is no data.
inline constexpr std::string_view no_data = "-";

/// "12,345"; with up to `decimals` digits after the point when below 100.
std::string count(std::optional<double> value, int decimals = 0);
/// Seconds as "812 ms", "1.23 s", "45.1 us".
std::string seconds(std::optional<double> value);
/// Seconds as "1h 02m", "45s", "3.2s": at most two units.
std::string span(std::optional<double> seconds);
/// A share 0..1 as "99.95 %". Never rounds a share below 1 up to 100 %, nor one above 0 to 0 %.
std::string percent(std::optional<double> share);
/// "312/s".
std::string rate(std::optional<double> per_second);
/// "1.5 GiB".
std::string bytes(std::optional<double> value);
/// A figure with the unit an assertion names: "s", "ratio" or "1/s".
std::string in_unit(std::optional<double> value, std::string_view unit);
/// "2026-11-23 17:31:00 UTC" of "2026-11-23T17:31:00Z"; other text as it is.
std::string moment(std::string_view iso);
/// "a phase", "2 phases": the count and the right form.
std::string counted(double n, std::string_view one, std::string_view many);
/// The 95 % interval of an assertion, or nothing.
std::string interval(View interval, std::string_view unit);

}  // namespace ordeal::reports
