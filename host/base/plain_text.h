// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordeal {

/// Text from a plugin or its files as a person, a terminal, a JSON or an XML document may have it:
/// valid UTF-8 without control characters, at most `longest` bytes and an ellipsis. What is not so
/// becomes a space (control characters) or a '?'. Any thread.
std::string plain_text(std::string_view text, std::size_t longest = 4096);

}  // namespace ordeal
