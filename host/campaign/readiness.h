// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "campaign/campaign.h"

namespace ordeal {

/// One question asked before any load, and how to mend a "no".
struct ReadinessCheck {
  std::string
      name;  // "target", "disk", "memory", "descriptors", "ports", "state_folder", "load ..."
  bool ok = false;
  double value = 0;  // what was found, in the unit `detail` names
  double limit = 0;
  std::string detail;
  std::string remedy;
};

struct Readiness {
  std::vector<ReadinessCheck> checks;
  [[nodiscard]] bool ready() const;
  /// The failed ones in one line; "" when ready.
  [[nodiscard]] std::string problem() const;
};

/// Asks all of them. Connects to the target (2 s at most), sends nothing. `folder` is where the run
/// will be written. Any thread.
Readiness check_readiness(const Campaign& campaign, const std::string& folder);

boost::json::object readiness_json(const Readiness& readiness);

/// Host and port of "http://host:port/path"; port 80 when there is none. Error: invalid_config.
struct HostPort {
  std::string host;
  std::string port;
};
Result<HostPort> target_address(const std::string& url);

}  // namespace ordeal
