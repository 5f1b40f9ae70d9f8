// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/schema.h"
#include "base/schema_patterns.h"

namespace ordeal {

/// A violation and whether the value is not even of the kind asked for: a branch of oneOf or anyOf
/// that fails so was not the one meant.
struct FoundViolation {
  SchemaViolation violation;
  bool wrong_kind = false;
};

/// Walks one schema over one value. Bounded in depth and work whatever the schema says, because
/// schemas come with plugins. Borrows the root schema and the
/// patterns. One thread.
class SchemaChecker {
 public:
  SchemaChecker(const boost::json::value& root, SchemaPatterns& patterns)
      : root_(root), patterns_(patterns) {}

  void check(const boost::json::value& schema, const boost::json::value& value,
             const std::string& pointer, std::vector<FoundViolation>& found);

 private:
  using Found = std::vector<FoundViolation>;
  using Object = boost::json::object;
  using Value = boost::json::value;

  void check_keywords(const Object& schema, const Value& value, const std::string& pointer,
                      Found& found);
  void check_reference(const Value& reference, const Value& value, const std::string& pointer,
                       Found& found);
  void check_object(const Object& schema, const Object& value, const std::string& pointer,
                    Found& found);
  void check_member(const Object& schema, const Object& properties, const std::string& key,
                    const Value& value, const std::string& pointer, Found& found);
  void check_array(const Object& schema, const Value& value, const std::string& pointer,
                   Found& found);
  void check_combinations(const Object& schema, const Value& value, const std::string& pointer,
                          Found& found);
  void check_alternatives(const Object& schema, const boost::json::array& branches,
                          bool exactly_one, const Value& value, const std::string& pointer,
                          Found& found);
  /// Whether the value satisfies the schema; no words are made.
  bool holds(const Value& schema, const Value& value, const std::string& pointer);

  const Value& root_;
  SchemaPatterns& patterns_;
  std::size_t depth_ = 0;
  std::size_t work_ = 0;
  bool gave_up_ = false;
  std::size_t quiet_ = 0;  // > 0: only whether there is a violation matters
};

/// The letters that the keywords of a schema begin with. Most schemas have one or two, so that most
/// keywords need not be looked for.
class KeywordLetters {
 public:
  explicit KeywordLetters(const boost::json::object& schema);
  /// Whether any of these letters is there.
  [[nodiscard]] bool any(const char* letters) const;

 private:
  std::uint32_t letters_ = 0;
};

/// type, enum, const, format and the limits of numbers and strings: all that needs no recursion.
/// Returns false when the value is of another kind, so that nothing else is worth saying.
bool check_scalar_keywords(const boost::json::object& schema, const boost::json::value& value,
                           const std::string& pointer, SchemaPatterns& patterns,
                           std::vector<FoundViolation>& found);

/// Equal as JSON: 1 and 1.0 are.
bool equal_json(const boost::json::value& a, const boost::json::value& b);

/// Adds one violation.
void add_violation(std::vector<FoundViolation>& found, const std::string& pointer, std::string what,
                   std::string expected = {}, std::string fix = {}, bool at_key = false,
                   bool wrong_kind = false);

}  // namespace ordeal
