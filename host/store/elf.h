// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ordeal {

/// Whether `bytes` can be a plugin's library on this machine: a shared ELF object of our class,
/// byte order and machine whose tables lie within the file and which exports `symbol`, looked up as
/// the dynamic loader does. Nothing of it is executed, and nothing it says is believed beyond the
/// file's end. `file` names it in errors. Error: plugin_rejected.
Result<void> check_library(std::string_view bytes, const std::string& file,
                           std::string_view symbol);

}  // namespace ordeal
