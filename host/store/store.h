// SPDX-License-Identifier: Apache-2.0
// Installs and removes plugins. A plugin lies in a folder of its own, <libraries>/installed/<name>,
// and its place's manifest is a link into it: one rename makes a plugin there, another version, or
// gone. Nothing here loads a library.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace ordeal {

struct StoreRequest {
  PluginPlace place;                // where to install, or where from to remove
  std::vector<PluginPlace> places;  // all that are searched, in order; `place` may be among them
  std::string schemas;              // "": the installed ones
  std::string keys;                 // "": the installed ones
  bool dry_run = false;
  bool allow_downgrade = false;
  bool force = false;  // although another plugin then lacks what it requires
  /// Called after every change to the disk; for tests, which stop there.
  std::function<void(std::string_view step)> at_step = [](std::string_view) {};
};

/// What was done, or with dry_run would have been.
struct StoreOutcome {
  std::vector<Error> errors;  // all that speaks against it; then nothing was changed
  std::string id;
  std::string version;
  std::string before;  // the version that was there, "" none
  bool unchanged = false;
  std::string manifest;  // where it is now, or was
  std::string library;
  std::vector<std::string> notes;  // worth a line, not an error
};

/// Installs what lies at `path` (see read_plugin_files) into request.place. Everything is checked
/// before anything is written. At every instant a scan sees the whole old plugin or the whole new
/// one; what an interrupted installation leaves, the next one clears away. Error codes:
/// plugin_rejected; preflight when the place cannot be written.
StoreOutcome install_plugin(const std::string& path, const StoreRequest& request);

/// Removes the plugin `id` from request.place, usable or not.
StoreOutcome remove_plugin(const std::string& id, const StoreRequest& request);

}  // namespace ordeal
