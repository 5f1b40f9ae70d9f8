// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "json_check.h"
#include "text_search.h"

namespace http {

/// Which status codes count as ok.
using StatusSet = std::bitset<600>;

/// A header that the response must have, and the text its value must contain.
struct HeaderCheck {
  std::string name;
  std::string contains;
};

/// What a response must be to count as ok.
struct Expectation {
  StatusSet status;
  std::vector<HeaderCheck> headers;
  std::uint64_t min_size = 0;
  std::uint64_t max_size = std::numeric_limits<std::uint64_t>::max();
  std::vector<TextSearch> contains;
  std::vector<JsonCheck> json;

  [[nodiscard]] bool status_expected(int code) const {
    return code >= 0 && static_cast<std::size_t>(code) < status.size() &&
           status[static_cast<std::size_t>(code)];
  }
  /// Whether more than the status is looked at.
  [[nodiscard]] bool wants_content() const {
    return !headers.empty() || !contains.empty() || !json.empty() || min_size != 0 ||
           max_size != std::numeric_limits<std::uint64_t>::max();
  }
};

}  // namespace http
