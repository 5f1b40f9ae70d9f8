// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.h"

namespace ordeal {

/// `ordeal plugin check PATH`: every case in its own process. Returns the exit code: 0, or 113 when
/// a case failed, 2 for a mistake on the command line.
int plugin_check(const Options& options);

}  // namespace ordeal
