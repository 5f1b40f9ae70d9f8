// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ordeal/abi/entry.h"
#include "registry/registry.h"

namespace ordeal {

/// What the controller asks a cell to load; all from the manifest and the registry.
struct LoadRequest {
  std::string id;
  std::string version;
  std::string library;  // absolute path
  std::string sha256;   // lower-case hex; "" under trust `owner`
  Trust trust = Trust::owner;
};

/// A library that passed every check. Stays mapped until the process ends: plugins are never
/// unloaded.
class LoadedPlugin {
 public:
  LoadedPlugin(LoadRequest request, const ordeal_plugin_entry_t* entry)
      : request_(std::move(request)), entry_(entry) {}
  [[nodiscard]] const LoadRequest& request() const { return request_; }
  [[nodiscard]] const ordeal_plugin_entry_t* entry() const { return entry_; }

 private:
  LoadRequest request_;
  const ordeal_plugin_entry_t* entry_;
};

/// Opens, checks the owner chain (or hashes a sealed copy in memory), checks machine, magic, sizes
/// and ABI in the file or copy, and only then loads that through Boost.DLL with RTLD_NOW |
/// RTLD_LOCAL | RTLD_NODELETE. Runs no plugin code but static constructors. [worker] thread. Error:
/// plugin_rejected, naming both versions where they differ.
Result<std::unique_ptr<LoadedPlugin>> load_plugin(const LoadRequest& request);

}  // namespace ordeal
