// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ordeal {

/// The compiled patterns of schemas. Compiling one costs a hundred times what matching does, so
/// whoever checks many values keeps one of these. Bounded; one thread at a time.
class SchemaPatterns {
 public:
  SchemaPatterns();
  ~SchemaPatterns();
  SchemaPatterns(const SchemaPatterns&) = delete;
  SchemaPatterns& operator=(const SchemaPatterns&) = delete;

  /// Whether `text` matches an ECMAScript pattern somewhere; on a pattern that cannot be used, an
  /// error text in `problem`.
  bool matches(std::string_view pattern, std::string_view text, std::string& problem);

  /// Whether the pattern can be used at all.
  bool usable(std::string_view pattern);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace ordeal
