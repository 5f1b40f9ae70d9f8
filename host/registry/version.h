// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// A semantic version 2.0.0. Ordered by precedence: a pre-release comes before its release, build
/// metadata does not count.
struct Version {
  std::array<std::uint64_t, 3> numbers{};
  std::vector<std::string> prerelease;  // {"rc", "1"}

  [[nodiscard]] std::string text() const;
  std::weak_ordering operator<=>(const Version& other) const;
  bool operator==(const Version& other) const { return (*this <=> other) == 0; }
};

/// Error: plugin_rejected without a place.
Result<Version> parse_version(std::string_view text);

/// Which versions of another plugin will do: ">=1.2.0 <2", "^1.2" (from 1.2.0 up to the next
/// version that may break), "~1.2.3" (up to 1.3.0), "1.2.3" (only this), "*". Conditions separated
/// by blanks hold all together; missing numbers are 0.
class VersionRange {
 public:
  /// Any version.
  VersionRange() = default;
  /// Error: plugin_rejected without a place.
  static Result<VersionRange> parse(std::string_view text);

  [[nodiscard]] bool holds(const Version& version) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Sign { less, at_most, equal, at_least, more };
  struct Bound {
    Sign sign;
    Version version;
  };
  static Result<std::vector<Bound>> parse_one(std::string_view text);

  std::vector<Bound> bounds_;
  std::string text_ = "*";
};

}  // namespace ordeal
