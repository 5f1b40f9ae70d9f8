// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/files.h"
#include "registry/registry.h"

namespace ordeal {
namespace {

bool is_folder(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string real(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                             std::free);
  return resolved ? std::string(resolved.get()) : path;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

PluginPlace folder_pair(const std::string& folder, Trust trust, const char* origin) {
  if (is_folder(folder + "/manifests") && is_folder(folder + "/plugins")) {
    return {folder + "/manifests", folder + "/plugins", trust, origin};
  }
  return {folder, folder, trust, origin};
}

PluginPlace of_prefix(const std::string& prefix) {
  const std::string share = prefix + "/share/ordeal/manifests/plugins";
  const std::string by_triplet = prefix + "/lib/" ORDEAL_TRIPLET "/ordeal/plugins";
  const std::string plain = prefix + "/lib/ordeal/plugins";
  const bool use_plain = !is_folder(by_triplet) && is_folder(plain);
  return {share, use_plain ? plain : by_triplet, Trust::owner, "system"};
}

}  // namespace

std::vector<PluginPlace> Registry::default_places(const std::vector<std::string>& plugin_dirs) {
  std::vector<PluginPlace> places;
  // The same folder reached twice would make every plugin shadow itself. A missing --plugin-dir is
  // kept: somebody asked for it, so scan() reports it.
  const auto add = [&places](PluginPlace place, bool asked_for = false) {
    if (!asked_for && !is_folder(place.manifests)) return;
    place.manifests = real(place.manifests);
    place.libraries = real(place.libraries);
    const bool known = std::any_of(places.begin(), places.end(), [&](const PluginPlace& other) {
      return other.manifests == place.manifests;
    });
    if (!known) places.push_back(std::move(place));
  };
  for (const std::string& folder : plugin_dirs) {
    add(folder_pair(folder, Trust::owner, "--plugin-dir"), true);
  }
  const std::string path = environment("ORDEAL_PLUGIN_PATH");
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    if (end > start) {
      add(folder_pair(path.substr(start, end - start), Trust::owner, "ORDEAL_PLUGIN_PATH"));
    }
    start = end + 1;
  }
  std::string data = environment("XDG_DATA_HOME");
  if (data.empty() && !environment("HOME").empty()) data = environment("HOME") + "/.local/share";
  if (!data.empty())
    add({data + "/ordeal/manifests", data + "/ordeal/plugins", Trust::hash, "user"});
  add(of_prefix("/usr/local"));
  const InstallPaths own = install_paths();
  add({own.manifests + "/plugins", own.plugins, Trust::owner, "system"});
  add(of_prefix("/usr"));
  return places;
}

}  // namespace ordeal
