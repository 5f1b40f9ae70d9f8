// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "registry/registry.h"

namespace ordeal {

/// The reports folder of a run, which all reports write into: whose file is whose, and how much one
/// report may put there. One thread.
class ReportFiles {
 public:
  explicit ReportFiles(std::string folder) : folder_(std::move(folder)) {}

  /// A report begins another stage: what it may write is counted anew.
  void begin(const PluginInfo& plugin) { bytes_[plugin.id] = 0; }

  /// Writes one file whole. "" or why it was not written. A plugin's file is not another plugin's
  /// to write, except that what ships with ordeal takes its names back: then `robbed` is whose file
  /// it was.
  std::string put(const PluginInfo& plugin, const std::string& name, std::string_view bytes,
                  const PluginInfo*& robbed);

 private:
  std::string folder_;
  std::map<std::string, const PluginInfo*> owners_;  // by file
  std::map<std::string, std::uint64_t> bytes_;       // by plugin
};

}  // namespace ordeal
