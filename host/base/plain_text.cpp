// SPDX-License-Identifier: Apache-2.0
#include "base/plain_text.h"

namespace ordeal {

namespace {

/// Bytes of the character that `text` starts with; 0: it is none that may be shown.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = byte(0) < 0x80   ? 1
                             : byte(0) < 0xC2 ? 0
                             : byte(0) < 0xE0 ? 2
                             : byte(0) < 0xF0 ? 3
                             : byte(0) < 0xF5 ? 4
                                              : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0u) != 0x80) return 0;
  // The second set of control characters, which some terminals obey.
  if (byte(0) == 0xC2 && byte(1) < 0xA0) return 0;
  // Overlong forms, surrogates, what lies beyond the last character, and the two that are none.
  if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;
  if (byte(0) == 0xED && byte(1) >= 0xA0) return 0;
  if (byte(0) == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE) return 0;
  if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

}  // namespace

std::string plain_text(std::string_view text, std::size_t longest) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (clean.size() + (length == 0 ? 1 : length) > longest) return clean + "...";
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0)
      clean += '?';
    else if (first < 0x20 || first == 0x7F)
      clean += ' ';
    else
      clean += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace ordeal
