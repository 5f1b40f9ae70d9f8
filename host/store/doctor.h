// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace ordeal {

/// Something about the plugins of this machine that a person should know.
struct Finding {
  // "refused", "hidden", "corrupt", "orphan", "interrupted", "unsafe", "key", "policy"
  std::string kind;
  bool harmful = true;  // a hidden plugin is only worth a note
  std::string id;       // of the plugin, "" when it is not known or not about one
  Error error;          // its fix is never empty
};

struct Diagnosis {
  std::size_t usable = 0;
  std::vector<Finding> findings;  // in the order of search
  [[nodiscard]] bool healthy() const;
};

/// Looks at every plugin of every place, libraries included, and loads none. `schemas`, `keys`: ""
/// for the installed ones.
Diagnosis examine(const std::vector<PluginPlace>& places, const std::string& schemas = {},
                  const std::string& keys = {});

}  // namespace ordeal
