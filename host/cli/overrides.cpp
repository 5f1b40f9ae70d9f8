// SPDX-License-Identifier: Apache-2.0
#include "cli/overrides.h"

#include <unistd.h>

namespace ordeal {

CampaignOverrides overrides_of(const Options& options) {
  CampaignOverrides overrides;
  overrides.sets = options.sets;
  overrides.time_scale = options.time_scale;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (text.compare(0, 7, "ORDEAL_") == 0 && equals != std::string::npos)
      overrides.environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return overrides;
}

}  // namespace ordeal
