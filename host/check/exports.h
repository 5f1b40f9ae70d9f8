// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// The names that a shared object of this machine defines for others, read from its file without
/// loading it. Stays within the file whatever it says. Error: plugin_rejected, saying in which way
/// it is no such object.
Result<std::vector<std::string>> exported_symbols(const std::string& library);

}  // namespace ordeal
