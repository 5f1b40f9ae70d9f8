// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_install.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "store/store.h"

namespace ordeal {
namespace {

constexpr const char* default_prefix = "/usr/local";

int failed(const std::vector<Error>& errors) {
  for (const Error& error : errors) std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(errors.front().code);
}

Result<StoreRequest> request_of(const Options& options) {
  StoreRequest request;
  if (options.system || !options.prefix.empty()) {
    const std::string prefix = options.prefix.empty() ? default_prefix : options.prefix;
    request.place = Registry::system_place(std::filesystem::absolute(prefix).lexically_normal());
  } else {
    Result<PluginPlace> place = Registry::user_place();
    if (!place) return place.error();
    request.place = std::move(*place);
  }
  request.places = Registry::default_places(options.plugin_dirs);
  const auto its = [&](const PluginPlace& one) { return one.manifests == request.place.manifests; };
  if (std::none_of(request.places.begin(), request.places.end(), its)) {
    // Its rank is that of the user's place, which is missing only until it is made.
    request.places.insert(
        std::find_if(request.places.begin(), request.places.end(),
                     [](const PluginPlace& one) { return one.origin == "system"; }),
        request.place);
  }
  request.dry_run = options.dry_run;
  request.allow_downgrade = options.allow_downgrade;
  request.force = options.force;
  return request;
}

std::string change_of(const StoreOutcome& outcome) {
  if (outcome.before.empty() || outcome.before == outcome.version) return outcome.version;
  return outcome.before + " -> " + outcome.version;
}

}  // namespace

int plugin_install(const Options& options) {
  const Result<StoreRequest> request = request_of(options);
  if (!request) return failed({request.error()});
  const StoreOutcome outcome = install_plugin(options.name, *request);
  if (!outcome.errors.empty()) return failed(outcome.errors);
  const char* done = outcome.unchanged ? "already installed: "
                     : options.dry_run ? "would install: "
                                       : "installed: ";
  std::printf("%s%s %s as %s\n", done, outcome.id.c_str(), change_of(outcome).c_str(),
              outcome.manifest.c_str());
  for (const std::string& note : outcome.notes) std::printf("note: %s\n", note.c_str());
  return 0;
}

int plugin_remove(const Options& options) {
  const Result<StoreRequest> request = request_of(options);
  if (!request) return failed({request.error()});
  const StoreOutcome outcome = remove_plugin(options.name, *request);
  if (!outcome.errors.empty()) return failed(outcome.errors);
  std::printf(
      "%s%s%s%s, %s\n", options.dry_run ? "would remove: " : "removed: ", outcome.id.c_str(),
      outcome.version.empty() ? "" : " ", outcome.version.c_str(), outcome.manifest.c_str());
  return 0;
}

}  // namespace ordeal
