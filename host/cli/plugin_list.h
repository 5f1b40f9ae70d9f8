// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "registry/registry.h"

namespace ordeal {

/// `ordeal plugin list`: a table of the usable plugins, and below it every manifest that was
/// refused or is hidden. With `json`, one object {plugins, problems}. Returns the exit code: always
/// 0.
int plugin_list(const Registry& registry, bool json, std::ostream& out);

}  // namespace ordeal
