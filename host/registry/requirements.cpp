// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

namespace ordeal {

std::optional<Error> unmet_requirement(
    const PluginInfo& plugin, const std::function<const Version*(const std::string&)>& present) {
  for (const PluginRequirement& required : plugin.required) {
    const Version* there = present(required.id);
    if (there == nullptr && required.optional) continue;
    if (there != nullptr && required.range.holds(*there)) continue;
    Error error;
    error.code = ExitCode::plugin_rejected;
    error.what = "it requires the plugin '" + required.id + "'";
    error.where.file = plugin.manifest_path;
    if (there == nullptr) {
      error.what += ", which is not usable here";
      error.fix = "install '" + required.id + "'";
    } else {
      error.what +=
          " in a version " + required.range.text() + ", but that of here is " + there->text();
      error.fix = "install another version of '" + required.id + "'";
    }
    error.where.pointer = "/requires/plugins";
    return error;
  }
  return {};
}

}  // namespace ordeal
