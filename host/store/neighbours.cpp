// SPDX-License-Identifier: Apache-2.0
#include "store/neighbours.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace ordeal {
namespace fs = std::filesystem;

std::vector<PresentPlugin> present_in(const Registry& only_place, const std::string& id) {
  std::map<std::string, PresentPlugin> by_manifest;  // a manifest may have several problems
  for (const PluginProblem& one : only_place.problems()) {
    const bool named = one.id.empty() && fs::path(one.manifest_path).filename() == id + ".json";
    if (one.id != id && !named) continue;
    by_manifest[one.manifest_path] = {
        id, one.manifest_path, one.version, one.library_path, one.installed_in, false};
  }
  for (const PluginInfo& one : only_place.plugins()) {
    if (one.id != id) continue;
    by_manifest[one.manifest_path] = {
        id, one.manifest_path, one.version, one.library_path, one.installed_in, true};
  }
  std::vector<PresentPlugin> present;
  for (auto& [manifest, one] : by_manifest) present.push_back(std::move(one));
  return present;
}

std::vector<Error> left_wanting(const Registry& all, const std::string& id,
                                const std::string& version) {
  std::map<std::string, Version> after;
  for (const PluginInfo& one : all.plugins()) {
    if (one.id != id) after.emplace(one.id, parse_version(one.version).value());
  }
  if (!version.empty()) after.emplace(id, parse_version(version).value());
  std::vector<Error> errors;
  for (const PluginInfo& one : all.plugins()) {
    const bool asks =
        std::any_of(one.required.begin(), one.required.end(),
                    [&](const PluginRequirement& required) { return required.id == id; });
    if (one.id == id || !asks) continue;
    const auto unmet = unmet_requirement(one, [&](const std::string& wanted) {
      const auto found = after.find(wanted);
      return found == after.end() ? nullptr : &found->second;
    });
    if (!unmet) continue;
    Error error;
    error.code = ExitCode::plugin_rejected;
    error.where = unmet->where;
    error.what = "'" + id + "' is needed by " + one.id + " " + one.version;
    if (!version.empty()) {
      for (const PluginRequirement& required : one.required) {
        if (required.id == id) error.what += ", in a version " + required.range.text();
      }
    }
    error.fix = "remove or upgrade " + one.id + " first, or use --force";
    errors.push_back(std::move(error));
  }
  return errors;
}

std::string hidden_by(const Registry& all, const std::string& id, const PluginPlace& place) {
  const auto rank = [&all](const std::string& folder) {
    const auto found =
        std::find_if(all.places().begin(), all.places().end(),
                     [&](const PluginPlace& one) { return one.manifests == folder; });
    return found - all.places().begin();
  };
  const auto own = rank(place.manifests);
  const auto earlier = [&](const std::string& manifest) {
    return rank(fs::path(manifest).parent_path().string()) < own;
  };
  for (const PluginInfo& one : all.plugins()) {
    if (one.id == id && earlier(one.manifest_path)) return one.manifest_path;
  }
  for (const PluginProblem& one : all.problems()) {
    if (one.id == id && earlier(one.manifest_path)) return one.manifest_path;
  }
  return {};
}

}  // namespace ordeal
