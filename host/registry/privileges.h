// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Privileges that a manifest may ask for in requires.privileges. Everything else is refused: a
/// plugin that needs what nobody enforces had better not be told that it has it.
inline constexpr std::string_view privilege_network = "network";  // may create sockets
inline constexpr std::string_view privilege_process = "process";  // gets ordeal.host.process/1
inline constexpr std::array<std::string_view, 2> known_privileges{privilege_network,
                                                                  privilege_process};

/// What the cell of a plugin with these privileges denies it, in words for people.
std::vector<std::string> describe_confinement(const std::vector<std::string>& privileges);

}  // namespace ordeal
