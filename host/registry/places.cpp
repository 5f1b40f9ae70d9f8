// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/files.h"
#include "registry/registry.h"
#include "registry/trust_policy.h"

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

Result<TrustPolicy> machine_policy() {
  const InstallPaths own = install_paths();
  return TrustPolicy::read(own.sysconf + "/trust.json",
                           own.manifests + "/schemas/trust-policy.json");
}

PluginPlace under(const Result<TrustPolicy>& policy, PluginPlace place) {
  place.manifests = real(place.manifests);
  place.libraries = real(place.libraries);
  if (policy) {
    place.trust = policy->of(place);
  } else {
    // A policy that cannot be read must not fall away.
    place.blocked = policy.error();
  }
  return place;
}

/// Of a user without a home: empty paths.
PluginPlace of_user() {
  std::string data = environment("XDG_DATA_HOME");
  // The XDG specification has relative paths ignored.
  if (!data.starts_with('/')) data.clear();
  if (data.empty() && !environment("HOME").empty()) data = environment("HOME") + "/.local/share";
  if (data.empty()) return {"", "", Trust::hash, "user"};
  return {data + "/ordeal/manifests", data + "/ordeal/plugins", Trust::hash, "user"};
}

}  // namespace

Result<PluginPlace> Registry::user_place() {
  PluginPlace place = of_user();
  if (!place.manifests.empty()) return under(machine_policy(), std::move(place));
  Error error;
  error.code = ExitCode::preflight;
  error.what = "there is no folder for your own plugins: neither XDG_DATA_HOME nor HOME is set";
  error.fix = "set one of them";
  return error;
}

PluginPlace Registry::system_place(const std::string& prefix) {
  return under(machine_policy(), of_prefix(prefix));
}

std::vector<PluginPlace> Registry::default_places(const std::vector<std::string>& plugin_dirs) {
  std::vector<PluginPlace> places;
  const InstallPaths own = install_paths();
  const Result<TrustPolicy> policy = machine_policy();
  // The same folder reached twice would make every plugin shadow itself. A missing --plugin-dir is
  // kept: somebody asked for it, so scan() reports it.
  const auto add = [&places, &policy](PluginPlace place, bool asked_for = false) {
    if (!asked_for && !is_folder(place.manifests)) return;
    place = under(policy, std::move(place));
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
  if (PluginPlace user = of_user(); !user.manifests.empty()) add(std::move(user));
  add(of_prefix("/usr/local"));
  add({own.manifests + "/plugins", own.plugins, Trust::owner, "system"});
  add(of_prefix("/usr"));
  return places;
}

}  // namespace ordeal
