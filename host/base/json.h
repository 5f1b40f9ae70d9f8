// SPDX-License-Identifier: Apache-2.0
// JSON text in and out, with positions. The value type is boost::json's; only the .cpp files that
// look into values include its headers.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// Parses one JSON text (RFC 8259, UTF-8, depth <= 32). Duplicate keys and numbers that do not fit
/// a finite double are errors. Error: invalid_config with file, line, column and pointer.
Result<boost::json::value> parse_json(std::string_view text, const std::string& file);

/// Line and column (both from 1) of the value (or, with `key`, of the member's key) at a JSON
/// pointer of a text that parse_json accepted. line 0 when there is no such value.
struct JsonPosition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};
JsonPosition locate_json(std::string_view text, std::string_view pointer, bool key = false);

/// Stable text for files: two spaces of indent, keys in the order inserted, doubles in their
/// shortest exact form, a newline at the end. Non-finite doubles become null.
std::string pretty_json(const boost::json::value& value);
/// The same on one line, without the newline.
std::string compact_json(const boost::json::value& value);

/// The value at a JSON pointer, or nullptr.
const boost::json::value* at_pointer(const boost::json::value& root, std::string_view pointer);

/// Of `candidates`, the one nearest to `word` if it is near enough to be a slip (edit distance with
/// transpositions <= 1 + size/4), else "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace ordeal
