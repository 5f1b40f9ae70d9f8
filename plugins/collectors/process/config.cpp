// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <boost/json.hpp>
#include <limits>

#include "ordeal/component.hpp"

namespace process_collector {

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
    } else if (key == "pid_file" && entry.is_string()) {
      config.pid_file = entry.get_string().c_str();
    } else if (key == "name" && entry.is_string()) {
      config.name = entry.get_string().c_str();
    } else if (key == "pids" && entry.is_array()) {
      for (const json::value& pid : entry.get_array()) {
        if (!pid.is_int64() || pid.get_int64() < 1 ||
            pid.get_int64() > std::numeric_limits<int>::max()) {
          throw ordeal::Failure(ORDEAL_E_INVALID, "pids: not a process id");
        }
        config.pids.push_back(static_cast<int>(pid.get_int64()));
      }
    } else {
      throw ordeal::Failure(ORDEAL_E_INVALID, "key '" + std::string(key) + "' is not usable");
    }
  }
  if (config.pids.empty() && config.pid_file.empty()) {
    throw ordeal::Failure(ORDEAL_E_INVALID, "nothing to watch: give 'pids' or 'pid_file'");
  }
  return config;
}

}  // namespace process_collector
