// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

#include "registry/registry.h"

namespace ordeal {

/// `ordeal schema [NAME]`: prints the JSON Schema NAME, or with "" the names there are. Returns the
/// exit code: 0, or 2 after one line on `err` for an unknown name. The schema of campaigns includes
/// the config schemas of the plugins of `registry`; `err` names those that were refused.
int schema_command(const std::string& name_or_empty, const Registry& registry, std::ostream& out,
                   std::ostream& err);

}  // namespace ordeal
