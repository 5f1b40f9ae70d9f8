// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace ordeal {

/// What the machine's administrator asks of plugins beyond ordeal's own rules. It can only ask for
/// more.
class TrustPolicy {
 public:
  /// `file` is <sysconfdir>/ordeal/trust.json, `schema` the file of its JSON Schema. No file: no
  /// policy. Errors: plugin_rejected for a file that is wrong, unreadable or that others may write
  /// or, where there is none, may have removed; then nothing should be used.
  static Result<TrustPolicy> read(const std::string& file, const std::string& schema);

  /// The place's own trust, or what the policy asks for if that is more.
  [[nodiscard]] Trust of(const PluginPlace& place) const;

 private:
  std::map<std::string, Trust> by_origin_;
  std::vector<std::pair<std::string, Trust>> folders_;
};

}  // namespace ordeal
