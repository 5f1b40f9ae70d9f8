// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_workers.h"

#include <sched.h>

#include <algorithm>
#include <boost/json.hpp>

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::size_t most_workers = 256;
constexpr std::uint32_t most_cores = 65536;

/// "0-3, 8"
std::string ranges(const std::vector<std::uint32_t>& cores) {
  std::string text;
  for (std::size_t i = 0; i < cores.size();) {
    std::size_t last = i;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(cores[i]);
    if (last > i) text += "-" + std::to_string(cores[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace

std::vector<std::uint32_t> usable_cores() {
  std::vector<std::uint32_t> cores;
  cpu_set_t* const set = CPU_ALLOC(most_cores);
  const std::size_t size = CPU_ALLOC_SIZE(most_cores);
  if (set != nullptr && ::sched_getaffinity(0, size, set) == 0)
    for (std::uint32_t core = 0; core < most_cores; ++core)
      if (CPU_ISSET_S(core, size, set)) cores.push_back(core);
  CPU_FREE(set);
  return cores;
}

Result<void> read_workers(const CampaignDocument& document, const json::object& entry,
                          const std::string& pointer, LoadEntry& load) {
  const json::value* cores = entry.if_contains("cores");
  const json::value* workers = entry.if_contains("workers");
  const bool per_core = workers != nullptr && workers->is_string();
  std::vector<std::uint32_t> usable;
  if (cores != nullptr || per_core) usable = usable_cores();
  if (cores != nullptr) {
    const json::array& list = cores->get_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto core = static_cast<std::uint32_t>(list[i].to_number<std::int64_t>());
      if (std::find(usable.begin(), usable.end(), core) == usable.end())
        return document.error(pointer + "/cores/" + std::to_string(i),
                              "ordeal may not use core " + std::to_string(core) + " here",
                              "one of " + ranges(usable));
      load.cores.push_back(core);
    }
  }
  if (per_core) {
    const std::size_t count = load.cores.empty() ? usable.size() : load.cores.size();
    load.workers = static_cast<std::uint32_t>(std::clamp<std::size_t>(count, 1, most_workers));
  } else if (workers != nullptr) {
    load.workers = static_cast<std::uint32_t>(workers->to_number<std::int64_t>());
  }
  return {};
}

}  // namespace ordeal
