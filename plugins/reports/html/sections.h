// SPDX-License-Identifier: Apache-2.0
/// The parts of the page, in their order. Each gives HTML.
#pragma once

#include <string>
#include <vector>

#include "document/document.h"
#include "html/charts.h"

namespace ordeal::reports {

std::string verdict_banner(View campaign);
std::string key_figures(View campaign);
std::string phase_strip(View campaign);

std::string assertion_section(View campaign);
std::string capacity_section(View campaign);
std::string baseline_section(View campaign);
std::string safety_section(View campaign);
std::string drift_section(View campaign);
std::string timeline_section(const std::vector<Chart>& charts);
std::string load_section(View campaign);
std::string latency_section(View campaign);
std::string phases_section(View campaign);
std::string errors_section(View campaign);
std::string measurement_section(View campaign);
std::string plugins_section(View campaign);
std::string actions_section(View campaign);
std::string provenance_section(View campaign);

}  // namespace ordeal::reports
