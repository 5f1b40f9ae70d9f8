// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "registry/registry.h"

namespace ordeal {

/// What one manifest file says, and everything that is wrong with it.
struct ManifestReading {
  PluginInfo info;
  std::vector<std::string> required_plugins;
  std::vector<Error> errors;  // empty: usable
};

/// Reads the manifest file `path` of `place` and checks all that can be checked without opening the
/// library for execution: JSON, `schema`, ABI, platform, library file, requirements, trust. All
/// failures are collected. Errors: plugin_rejected with file, line, column and pointer.
ManifestReading read_manifest(const std::string& path, const PluginPlace& place,
                              const boost::json::value& schema);

}  // namespace ordeal
