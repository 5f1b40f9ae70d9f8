// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "store/layout.h"
#include "store/neighbours.h"
#include "store/store.h"

namespace ordeal {
namespace fs = std::filesystem;
namespace {

constexpr double lock_seconds = 10;

/// Whether another manifest of the place uses this library.
bool shared(const Registry& there, const PresentPlugin& one) {
  for (const PluginInfo& other : there.plugins()) {
    if (other.library_path == one.library && other.manifest_path != one.manifest) return true;
  }
  for (const PluginProblem& other : there.problems()) {
    if (other.library_path == one.library && other.manifest_path != one.manifest) return true;
  }
  return false;
}

Error not_there(const Registry& there, const std::string& id, const PluginPlace& place) {
  std::vector<std::string> ids;
  for (const PluginInfo& one : there.plugins()) ids.push_back(one.id);
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = "there is no plugin '" + id + "' in " + place.manifests;
  const std::string near = nearest(id, ids);
  if (!near.empty()) error.fix = "did you mean '" + near + "'?";
  return error;
}

/// What is usable of `id` once the place's own is gone: the next in the order of search.
std::string version_after(const StoreRequest& request, const std::string& id) {
  std::vector<PluginPlace> others;
  for (const PluginPlace& one : request.places) {
    if (one.manifests != request.place.manifests) others.push_back(one);
  }
  const Registry rest = Registry::scan(others, request.schemas, request.keys);
  for (const PluginInfo& one : rest.plugins()) {
    if (one.id == id) return one.version;
  }
  return {};
}

}  // namespace

StoreOutcome remove_plugin(const std::string& id, const StoreRequest& request) {
  StoreOutcome outcome;
  outcome.id = id;
  PluginPlace place = request.place;
  const Registry there = Registry::scan({place}, request.schemas, request.keys);
  const std::vector<PresentPlugin> present = present_in(there, id);
  if (present.empty()) {
    outcome.errors.push_back(not_there(there, id, place));
    return outcome;
  }
  outcome.version = outcome.before = present.front().version;
  outcome.manifest = present.front().manifest;
  outcome.library = present.front().library;
  const Registry all = Registry::scan(request.places, request.schemas, request.keys);
  if (!request.force && hidden_by(all, id, place).empty())
    outcome.errors = left_wanting(all, id, version_after(request, id));
  if (!outcome.errors.empty() || request.dry_run) return outcome;
  const Result<PlaceLock> lock = PlaceLock::take(place, lock_seconds, request.at_step);
  if (!lock) {
    outcome.errors.push_back(lock.error());
    return outcome;
  }
  for (const PresentPlugin& one : present) {
    // From here on the plugin is gone; what follows is tidying.
    if (::unlink(one.manifest.c_str()) != 0 && errno != ENOENT) {
      outcome.errors.push_back(errno_error(ExitCode::preflight, "removing " + one.manifest, errno));
      return outcome;
    }
    request.at_step("manifest removed");
    sync_folder(place.manifests);
    std::error_code ignored;
    fs::remove(one.manifest + ".minisig", ignored);
    if (!one.installed_in.empty()) {
      fs::remove_all(one.installed_in, ignored);
    } else if (!one.library.empty() && !shared(there, one)) {
      fs::remove(one.library, ignored);
    }
    request.at_step("files removed");
  }
  for (const std::string& path : leftovers(place)) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  return outcome;
}

}  // namespace ordeal
