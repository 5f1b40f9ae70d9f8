// SPDX-License-Identifier: Apache-2.0
#include "campaign/quota_use.h"

#include <sstream>

#include "base/files.h"

namespace ordeal {

QuotaUse quota_use(const std::string& cpu_stat) {
  QuotaUse use;
  if (cpu_stat.empty()) return use;
  const auto text = read_file(cpu_stat, ExitCode::internal, 65536);
  if (!text) return use;
  std::istringstream in(*text);
  std::string name;
  for (std::uint64_t value = 0; in >> name >> value;) {
    if (name == "nr_periods") use.periods = value;
    if (name == "nr_throttled") use.throttled = value;
    if (name == "throttled_time") use.throttled_ns = value;         // v1
    if (name == "throttled_usec") use.throttled_ns = value * 1000;  // v2
  }
  return use;
}

}  // namespace ordeal
