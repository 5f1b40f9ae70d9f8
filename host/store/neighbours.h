// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace ordeal {

/// A plugin as it lies in one place, usable or not.
struct PresentPlugin {
  std::string id;
  std::string manifest;
  std::string version;       // "" when it cannot be read
  std::string library;       // likewise
  std::string installed_in;  // its own folder, or ""
  bool usable = false;
};

/// What a place holds under this id, by what the manifests say or, of unreadable ones, by their
/// file names. `only_place` has been scanned from that place alone.
std::vector<PresentPlugin> present_in(const Registry& only_place, const std::string& id);

/// Who else would lack something if `id` came to be there as `version`, or not at all ("").
/// `all` holds the usable plugins of every place. Errors: plugin_rejected.
std::vector<Error> left_wanting(const Registry& all, const std::string& id,
                                const std::string& version);

/// The manifest of this id in a place that is searched before `place`, or "".
std::string hidden_by(const Registry& all, const std::string& id, const PluginPlace& place);

}  // namespace ordeal
