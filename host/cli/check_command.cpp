// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "campaign/load_readiness.h"
#include "campaign/readiness.h"
#include "cli/commands.h"
#include "cli/overrides.h"

namespace ordeal {

int check_command(const Options& options) {
  const Registry registry = Registry::scan(Registry::default_places(options.plugin_dirs));
  auto campaign =
      load_campaign(resolve_campaign_path(options.campaign), overrides_of(options), registry);
  if (!campaign) {
    std::fprintf(stderr, "ordeal: %s\n", campaign.error().line().c_str());
    return static_cast<int>(campaign.error().code);
  }
  Readiness readiness = check_readiness(*campaign, runs_folder());
  for (ReadinessCheck& check :
       check_loads(*campaign, registry, install_paths().libexec + "/ordeal-cell"))
    readiness.checks.push_back(std::move(check));
  if (options.json) {
    std::fputs(pretty_json(readiness_json(readiness)).c_str(), stdout);
  } else {
    std::printf("ok      campaign: %s, %zu phases, %zu plugins found\n", campaign->name.c_str(),
                campaign->phases.size(), registry.plugins().size());
    for (const auto& check : readiness.checks) {
      std::printf("%-7s %s: %s\n", check.ok ? "ok" : "FAILED", check.name.c_str(),
                  check.detail.c_str());
      if (!check.ok) std::printf("        -> %s\n", check.remedy.c_str());
    }
  }
  return readiness.ready() ? 0 : static_cast<int>(ExitCode::preflight);
}

}  // namespace ordeal
