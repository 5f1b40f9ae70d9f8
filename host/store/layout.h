// SPDX-License-Identifier: Apache-2.0
// The folders of installed plugins within a place.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "registry/registry.h"

namespace ordeal {

/// Called after every change to the disk.
using AtStep = std::function<void(std::string_view step)>;

/// Keeps other installers out of a place while it lives.
class PlaceLock {
 public:
  /// Makes the folders of `place` where they are missing and makes their paths real. Waits up to
  /// `seconds` for another installer. Error: preflight.
  static Result<PlaceLock> take(PluginPlace& place, double seconds, const AtStep& at_step);

 private:
  explicit PlaceLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// Writes a file that must not be there yet, readable by all, on disk when it returns. Error:
/// preflight.
Result<void> write_new_file(const std::string& path, std::string_view bytes);

/// Makes the new folder <libraries>/installed/<name>-XXXXXX. Error: preflight.
Result<std::string> make_plugin_folder(const PluginPlace& place, const std::string& name);

/// Makes <manifests>/<name> a link to `target` in one step, whatever it was before. Error:
/// preflight.
Result<void> switch_manifest(const PluginPlace& place, const std::string& name,
                             const std::string& target, const AtStep& at_step);

/// What interrupted installations left: folders that no manifest leads to, half-made links.
std::vector<std::string> leftovers(const PluginPlace& place);

/// The names of changed folders are on disk when it returns.
void sync_folder(const std::string& folder);

}  // namespace ordeal
