// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <vector>

#include "base/schema.h"
#include "base/schema_patterns.h"

namespace ordeal {

/// What the schema of manifests cannot say of a component's config_schema that satisfies it: each
/// pattern can be used, each $ref refers to something within the schema and not to itself, no
/// `then` or `else` lacks its `if`, each default fits where it stands. Pointers are those of the
/// schema. Bounded work.
std::vector<SchemaViolation> check_config_schema(const boost::json::value& schema,
                                                 SchemaPatterns& patterns);

}  // namespace ordeal
