// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "document/document.h"

namespace ordeal::reports {

/// The campaign as one HTML page that needs nothing else, neither files nor a network. The same
/// document gives the same bytes.
std::string campaign_page(View campaign);

}  // namespace ordeal::reports
