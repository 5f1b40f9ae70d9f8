// SPDX-License-Identifier: Apache-2.0
#include "registry/privileges.h"

#include <algorithm>

namespace ordeal {

std::vector<std::string> describe_confinement(const std::vector<std::string>& privileges) {
  const auto has = [&](std::string_view one) {
    return std::find(privileges.begin(), privileges.end(), one) != privileges.end();
  };
  std::vector<std::string> words{
      "no new privileges",
      "no programs or processes of its own",
      "no tracing or signalling of other processes",
      "no changes of mounts, namespaces, clock or kernel",
      "no core files",
  };
  if (!has(privilege_network)) words.emplace_back("no sockets (privilege network)");
  if (!has(privilege_process)) words.emplace_back("no ordeal.host.process/1 (privilege process)");
  return words;
}

}  // namespace ordeal
