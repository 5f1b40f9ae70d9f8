// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <boost/json.hpp>

#include "ordeal/component.hpp"

namespace system_collector {

namespace json = boost::json;

Config parse_config(std::string_view text) {
  Config config;
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) {
    throw ordeal::Failure(ORDEAL_E_INVALID, "the config is not a JSON object");
  }
  for (const auto& [key, entry] : value.get_object()) {
    if (key == "proc" && entry.is_string() && !entry.get_string().empty()) {
      config.proc = entry.get_string().c_str();
    } else if (key == "paths" && entry.is_array()) {
      config.paths.clear();
      for (const json::value& path : entry.get_array()) {
        if (!path.is_string()) throw ordeal::Failure(ORDEAL_E_INVALID, "paths: not a text");
        config.paths.emplace_back(path.get_string().c_str());
      }
    } else {
      throw ordeal::Failure(ORDEAL_E_INVALID, "key '" + std::string(key) + "' is not usable");
    }
  }
  return config;
}

}  // namespace system_collector
