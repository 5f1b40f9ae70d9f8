// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <optional>
#include <string>

namespace ordeal {

/// What plugins leave behind in the process they share with the cell: signal handlers and open
/// descriptors. One thread, the cell's.
class PluginMarks {
 public:
  /// Remembers how things are before a plugin is loaded.
  PluginMarks();

  /// "SIGTERM, SIGINT": signals whose handling has changed since the last call (or the start).
  std::optional<std::string> new_handlers();
  /// "500 of 512 descriptors are open": once, when hardly any is left. Looks at numbers only, which
  /// are given out from the lowest.
  std::optional<std::string> descriptors();

 private:
  std::array<void (*)(int), 65> handlers_{};
  bool descriptors_told_ = false;
};

}  // namespace ordeal
