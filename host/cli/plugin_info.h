// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

#include "registry/registry.h"

namespace ordeal {

/// `ordeal plugin info ID`: all that is known of one plugin, with the options of its components.
/// Returns the exit code: 0, or 113 after one line on `err` when there is no such usable plugin.
int plugin_info(const Registry& registry, const std::string& id, bool json, std::ostream& out,
                std::ostream& err);

}  // namespace ordeal
