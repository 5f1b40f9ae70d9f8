// SPDX-License-Identifier: Apache-2.0
// Walking JSON text that is known to be valid, for what a tree cannot tell: where things stand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace ordeal {

/// Steps over JSON text. Every method expects text that boost::json accepted; on other text it
/// stays within bounds and ends early. Borrows the text. One thread.
class JsonText {
 public:
  explicit JsonText(std::string_view text) : text_(text) {}

  /// Moves past white space; the next character, or '\0' at the end.
  char peek();
  /// Takes `c` after white space, if it stands there.
  bool take(char c);
  /// Takes a string and returns it unescaped.
  std::string string();
  /// Takes a number or literal and returns its characters.
  std::string_view scalar();
  /// Takes a whole value of any kind.
  void skip_value();

  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view string_token();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Line and column (from 1; columns count code points) of a byte offset.
JsonPosition position_of(std::string_view text, std::size_t offset);

/// A reference token of a JSON pointer, escaped: "/" + key with ~ and / replaced.
std::string pointer_token(std::string_view key);

}  // namespace ordeal
