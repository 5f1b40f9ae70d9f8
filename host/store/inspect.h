// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry/manifest.h"
#include "store/package.h"

namespace ordeal {

/// A plugin's files, understood: fit to be installed or packed when there are no errors.
struct InspectedPlugin {
  PluginFiles files;  // the manifest with the library's hash, which is added where it is missing
  PluginInfo info;
  std::string library;
  std::vector<Error> errors;
};

/// Checks manifest and library as far as that is possible without loading the library. `name` is
/// the manifest's in errors. All failures of the manifest are reported together. Errors:
/// plugin_rejected.
InspectedPlugin inspect_plugin(PluginFiles files, const std::string& name, ManifestRules& rules);

/// The manifest's name in messages.
std::string manifest_label(const PluginFiles& files);

}  // namespace ordeal
