// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace process_collector {

struct Config {
  std::string proc = "/proc";  // where procfs is
  std::vector<int> pids;
  std::string pid_file;  // "" when none
  std::string name;      // "" means the process's own
};

/// Throws ordeal::Failure(ORDEAL_E_INVALID).
Config parse_config(std::string_view json);

}  // namespace process_collector
