// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_split.h"

#include <algorithm>

namespace ordeal {

std::uint32_t workers_used(const LoadSpec& load, std::uint32_t workers) {
  if (load.sessions == 0) return 0;
  std::uint64_t most = std::min(workers, load.sessions);
  if (load.max_operations > 0) most = std::min(most, load.max_operations);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(most, 1));
}

std::vector<LoadSpec> split_load(const LoadSpec& load, std::uint32_t workers) {
  const std::uint32_t count = workers_used(load, workers);
  std::vector<LoadSpec> parts;
  for (std::uint32_t i = 0; i < count; ++i) {
    LoadSpec part = part_of(load, i, count);
    part.worker = i;
    part.workers = count;
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace ordeal
