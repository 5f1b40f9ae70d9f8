// SPDX-License-Identifier: Apache-2.0
#include "base/schema_patterns.h"

#include <map>
#include <optional>

#include "base/pattern.h"

namespace ordeal {
namespace {

constexpr std::size_t longest_matched = 65536;
// Patterns come with plugins, so there may be any number of them.
constexpr std::size_t most_kept = 256;

}  // namespace

struct SchemaPatterns::Compiled {
  std::map<std::string, std::optional<Pattern>, std::less<>> by_text;  // none: unusable

  const std::optional<Pattern>& get(std::string_view pattern) {
    const auto known = by_text.find(pattern);
    if (known != by_text.end()) return known->second;
    if (by_text.size() >= most_kept) by_text.clear();
    return by_text.emplace(pattern, Pattern::compile(pattern)).first->second;
  }
};

SchemaPatterns::SchemaPatterns() : compiled_(std::make_unique<Compiled>()) {}
SchemaPatterns::~SchemaPatterns() = default;

bool SchemaPatterns::matches(std::string_view pattern, std::string_view text,
                             std::string& problem) {
  // The commonest kind, such as "^x-", is a plain beginning.
  if (pattern.starts_with('^') && pattern.size() > 1 &&
      pattern.find_first_of("^$\\.*+?()[]{}|", 1) == std::string_view::npos)
    return text.starts_with(pattern.substr(1));
  const std::optional<Pattern>& compiled = compiled_->get(pattern);
  if (!compiled) {
    problem = "the pattern in the schema cannot be used";
    return false;
  }
  if (text.size() > longest_matched) {
    problem = "too long to check against a pattern";
    return false;
  }
  return compiled->search(text);
}

bool SchemaPatterns::usable(std::string_view pattern) {
  return compiled_->get(pattern).has_value();
}

}  // namespace ordeal
