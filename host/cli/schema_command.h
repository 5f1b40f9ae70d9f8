// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

namespace ordeal {

/// `ordeal schema [NAME]`: prints the JSON Schema NAME, or with "" the names there are. Returns the
/// exit code: 0, or 2 after one line on `err` for an unknown name.
int schema_command(const std::string& name_or_empty, std::ostream& out, std::ostream& err);

}  // namespace ordeal
