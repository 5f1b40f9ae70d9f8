// SPDX-License-Identifier: Apache-2.0
// What a manifest that satisfies its schema may still have wrong, with nothing but its own text and
// this ordeal to judge by. Each calls `fail` once per finding.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/schema_patterns.h"
#include "registry/manifest_topics.h"
#include "registry/registry.h"

namespace ordeal {

/// Against the plugin ABI of this ordeal.
void check_abi(const PluginInfo& info, const ManifestFailFn& fail);
/// Against the machine.
void check_platform(const boost::json::value& manifest, const ManifestFailFn& fail);
/// Host services and privileges: known ones, and each service with the privilege it needs.
void check_requirements(const boost::json::value& manifest, const PluginInfo& info,
                        const ManifestFailFn& fail);
/// Ids, config schemas, and the defaults against those.
void check_components(const boost::json::value& manifest, const PluginInfo& info,
                      SchemaPatterns& patterns, const ManifestFailFn& fail);

}  // namespace ordeal
