// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.h"

namespace ordeal {

/// `ordeal plugin pack PATH`, `plugin sign PATH --key FILE` and `plugin keygen NAME`. Each returns
/// the exit code; the files made are named on stdout, mistakes on stderr.
int plugin_pack(const Options& options);
int plugin_sign(const Options& options);
int plugin_keygen(const Options& options);

}  // namespace ordeal
