// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace system_collector {

struct Config {
  std::string proc = "/proc";           // where procfs is
  std::vector<std::string> paths{"/"};  // one path on each file system to watch
};

/// Throws ordeal::Failure(ORDEAL_E_INVALID).
Config parse_config(std::string_view json);

}  // namespace system_collector
