// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.h"

namespace ordeal {

/// `ordeal plugin install PATH` and `ordeal plugin remove ID`. Each returns the exit code; results
/// go to stdout, what speaks against them, a line each, to stderr.
int plugin_install(const Options& options);
int plugin_remove(const Options& options);

}  // namespace ordeal
