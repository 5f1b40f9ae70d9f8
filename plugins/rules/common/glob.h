// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rules {

/// Whether `text` matches `pattern` as a whole: `*` stands for any text, `?` for one byte,
/// everything else for itself. Linear in practice: one backtrack point, no recursion.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace rules
