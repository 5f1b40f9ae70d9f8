// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry/manifest.h"

namespace ordeal {

/// Reads the plugin that `ordeal plugin check PATH` means: a manifest file; a library with its
/// manifest beside it; a folder that holds both, at most two levels deep, as a build tree does; or
/// the id of a plugin that --plugin-dir or the installation has. What is wrong with the manifest
/// itself is in the reading, for the case `manifest`. Error: usage, naming what was found instead;
/// plugin_rejected when no plugin of that id is there.
Result<ManifestReading> find_candidate(const std::string& path,
                                       const std::vector<std::string>& plugin_dirs);

}  // namespace ordeal
