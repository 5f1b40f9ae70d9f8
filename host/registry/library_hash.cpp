// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"
#include "registry/crypto.h"
#include "registry/registry.h"

namespace ordeal {

Result<void> check_library_hash(const PluginInfo& plugin) {
  if (plugin.sha256.empty()) return {};
  const Result<std::string> bytes = read_file(plugin.library_path, ExitCode::plugin_rejected);
  if (!bytes) return bytes.error();
  const std::string actual = sha256_hex(*bytes);
  if (actual == plugin.sha256) return {};
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.where.file = plugin.library_path;
  error.what = "the library is not the one of its manifest: its SHA-256 is " + actual +
               ", the manifest says " + plugin.sha256;
  error.fix = "install the plugin again";
  return error;
}

}  // namespace ordeal
