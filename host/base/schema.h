// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

class SchemaPatterns;

/// One way in which a value does not satisfy a schema.
struct SchemaViolation {
  std::string pointer;   // of the offending value (for an unknown key: of that member)
  bool at_key = false;   // the key itself is wrong, not its value
  std::string what;      // "unknown key 'raet'"
  std::string expected;  // "one of name, rate"
  std::string fix;       // "did you mean 'rate'?"
};

/// Checks `value` against a JSON Schema (2020-12 subset: type, enum, const, properties, required,
/// additionalProperties, patternProperties, propertyNames, items, prefixItems, min/max of numbers,
/// lengths and items, uniqueItems, pattern, oneOf/anyOf/allOf/not, if/then/else, local $ref, $defs;
/// plus the format "duration-go" for durations such as "1m30s"). Keys "^x-" are not special here.
/// Reports all violations.
std::vector<SchemaViolation> check_schema(const boost::json::value& schema,
                                          const boost::json::value& value);

/// The same for many values: `patterns` keeps what was compiled.
std::vector<SchemaViolation> check_schema(const boost::json::value& schema,
                                          const boost::json::value& value,
                                          SchemaPatterns& patterns);

/// Fills in the `default` of every absent property, recursively.
void apply_defaults(const boost::json::value& schema, boost::json::value& value);

/// The first violation as an Error of `code`, with file, line and column looked up in `text`, or
/// ok.
Result<void> require_schema(const boost::json::value& schema, const boost::json::value& value,
                            std::string_view text, const std::string& file, ExitCode code);

}  // namespace ordeal
