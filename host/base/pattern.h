// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace ordeal {

/// A `pattern` of a JSON Schema: an ECMAScript regular expression over Unicode code points,
/// searched anywhere in a text. Look-ahead, but no back-references, look-behind, \p{...} or named
/// groups; so a search takes time in proportion to the text, whatever the pattern, because schemas
/// come with plugins. Immutable and cheap to copy; search() may run on several threads.
class Pattern {
 public:
  /// nullopt when the pattern cannot be used; longer than 4,096 bytes is refused as well.
  static std::optional<Pattern> compile(std::string_view pattern);

  [[nodiscard]] bool search(std::string_view text) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace ordeal
