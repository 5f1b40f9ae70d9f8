// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "registry/registry.h"

namespace ordeal {

/// Where a value of the user's configuration stands, from its JSON pointer in the whole document;
/// with `key`, the member's key.
using LocateConfig = std::function<Location(const std::string& pointer, bool key)>;

/// The configuration a component gets, as JSON text: its schema's defaults, over them the
/// manifest's defaults, over them the user's keys (objects are merged, everything else is
/// replaced), checked by its config_schema. `user` may be null; it stands at `pointer` of the
/// user's document. Errors: invalid_config with place, expected and nearest key; plugin_rejected
/// for a broken manifest.
Result<std::string> merge_component_config(const ComponentInfo& component,
                                           const boost::json::value* user,
                                           const std::string& pointer, const LocateConfig& locate);

}  // namespace ordeal
