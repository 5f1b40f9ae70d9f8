// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "store/archive.h"

namespace ordeal {

/// The files of one plugin, read whole and once; nothing of them is understood yet.
struct PluginFiles {
  std::string source;  // the package or the manifest's file, for messages
  std::string manifest;
  std::string manifest_name;
  std::string signature;   // of the manifest, "" when there is none
  ArchiveFiles libraries;  // *.so by name
  bool packed = false;     // from a .ordeal package

  /// The library of this name. Error: plugin_rejected naming what is there instead.
  [[nodiscard]] Result<std::string> library(const std::string& name) const;
};

/// Reads the plugin at `path`: a package; a manifest file with its library beside it; or a folder,
/// such as a build tree, that holds NAME.json and NAME.so at most two levels down, or one manifest
/// and its library. Any thread. Error: plugin_rejected.
Result<PluginFiles> read_plugin_files(const std::string& path);

/// The package of a plugin: its manifest as `<id>.json`, with the signature, and its library.
/// The same files give the same bytes. Error: internal.
Result<std::string> pack_plugin(const std::string& id, const std::string& manifest,
                                const std::string& signature, const std::string& library_name,
                                const std::string& library);

}  // namespace ordeal
