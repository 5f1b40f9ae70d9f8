// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// One case of `ordeal plugin check`: what it is about and when it is run. Its name is part of the
/// command's interface.
struct CheckCase {
  enum class Scope { plugin, component };

  std::string name;
  int level;  // 1..5: run at this strictness and above
  Scope scope;
  std::string kind;                // "rule": for components of that kind only; "": for all
  std::vector<std::string> needs;  // cases that must not have failed before
  std::string about;               // one line
  bool in_front = false;           // no process: the plugin is not run
  unsigned rounds = 1;             // processes; what they say as data is compared
  bool own_heap = false;           // on the counting allocator
};

inline constexpr int check_levels = 5;

/// All cases in the order they are run: a case after those it needs.
const std::vector<CheckCase>& check_catalogue();
/// The case of that name, or nullptr.
const CheckCase* find_check_case(std::string_view name);
/// What a level adds: "manifest and loading".
std::string_view check_level_about(int level);

}  // namespace ordeal
