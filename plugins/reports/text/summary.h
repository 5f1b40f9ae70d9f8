// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "document/document.h"

namespace ordeal::reports {

/// The campaign on one screen of plain text, the verdict first. Ends with a line break; no terminal
/// escapes, whatever the document holds.
std::string campaign_summary(View campaign);

}  // namespace ordeal::reports
