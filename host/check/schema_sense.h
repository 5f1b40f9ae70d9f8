// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

namespace ordeal {

/// One thing about a schema that is wrong, or that its readers would miss.
struct SchemaRemark {
  std::string pointer;  // in the schema
  std::string what;
  bool wrong = true;  // else worth a warning
};

/// Checks that a config_schema is a usable JSON Schema: keywords have values of the right type,
/// patterns compile, references lead somewhere, required keys exist, defaults and examples satisfy
/// what they stand in.
std::vector<SchemaRemark> schema_remarks(const boost::json::value& schema);

}  // namespace ordeal
