// SPDX-License-Identifier: Apache-2.0
#include "base/schema.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/schema_checker.h"

namespace ordeal {
namespace json = boost::json;

std::vector<SchemaViolation> check_schema(const json::value& schema, const json::value& value) {
  SchemaPatterns patterns;
  return check_schema(schema, value, patterns);
}

std::vector<SchemaViolation> check_schema(const json::value& schema, const json::value& value,
                                          SchemaPatterns& patterns) {
  SchemaChecker checker(schema, patterns);
  std::vector<FoundViolation> found;
  checker.check(schema, value, "", found);
  std::vector<SchemaViolation> violations;
  violations.reserve(found.size());
  for (FoundViolation& one : found) violations.push_back(std::move(one.violation));
  return violations;
}

Result<void> require_schema(const json::value& schema, const json::value& value,
                            std::string_view text, const std::string& file, ExitCode code) {
  std::vector<SchemaViolation> violations = check_schema(schema, value);
  if (violations.empty()) return {};
  SchemaViolation& first = violations.front();
  const JsonPosition position = locate_json(text, first.pointer, first.at_key);
  Error error;
  error.code = code;
  error.what = std::move(first.what);
  error.where = {file, position.line, position.column, std::move(first.pointer)};
  error.expected = std::move(first.expected);
  error.fix = std::move(first.fix);
  return error;
}

}  // namespace ordeal
