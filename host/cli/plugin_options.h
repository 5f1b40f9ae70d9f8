// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <iosfwd>
#include <string>
#include <vector>

#include "registry/registry.h"

namespace ordeal {

/// One option of a component as its config_schema describes it.
struct PluginOption {
  std::string path;      // "timeouts.connect", "requests[].kind"; * stands for any key
  std::string type;      // in words, with its range: "a whole number of at least 1"
  std::string unit;      // x-unit, or ""
  std::string standard;  // its default as JSON, or ""
  std::string description;
  bool required = false;
  bool sometimes = false;  // stands in one of several alternatives
};

/// All options in the order of the schema, those inside objects and lists behind the one that holds
/// them. Bounded, also for schemas that refer to themselves.
std::vector<PluginOption> plugin_options(const ComponentInfo& component);

void print_options(const std::vector<PluginOption>& options, std::ostream& out);
boost::json::array options_json(const std::vector<PluginOption>& options);

}  // namespace ordeal
