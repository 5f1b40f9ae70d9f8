// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <regex>
#include <string>

namespace ordeal {
namespace {

constexpr std::size_t longest_pattern = 4096;

/// UTF-8 to code points. What is no UTF-8 never comes here: JSON texts are checked when parsed.
std::wstring code_points(std::string_view text) {
  std::wstring wide;
  wide.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned value = length == 1 ? first : first & (0x7Fu >> length);
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k)
      value = value << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    wide += static_cast<wchar_t>(value);
    i += length;
  }
  return wide;
}

}  // namespace

struct Pattern::Compiled {
  std::wregex regex;
};

std::optional<Pattern> Pattern::compile(std::string_view pattern) {
  if (pattern.size() > longest_pattern) return std::nullopt;
  const std::wstring wide = code_points(pattern);
  try {
    // The polynomial matcher of libstdc++ neither recurses once per character nor backtracks.
    return Pattern(std::make_shared<const Compiled>(Compiled{
        std::wregex(wide, std::regex_constants::ECMAScript | std::regex_constants::__polynomial)}));
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

bool Pattern::search(std::string_view text) const {
  return std::regex_search(code_points(text), compiled_->regex);
}

}  // namespace ordeal
