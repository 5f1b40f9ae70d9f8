// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "document/document.h"

namespace ordeal::reports {

/// Letters, digits and `._-`; everything else becomes `_`. At most `longest` bytes, never hidden.
std::string file_safe(std::string_view name, std::size_t longest);

/// The number of a phase for people, from 1, of a phase document's phase_info. Throws
/// Failure(ORDEAL_E_INVALID) when it has none.
std::string phase_number(View info);

}  // namespace ordeal::reports
