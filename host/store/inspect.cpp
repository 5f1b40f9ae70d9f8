// SPDX-License-Identifier: Apache-2.0
#include "store/inspect.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "registry/crypto.h"
#include "registry/library_entry.h"

namespace ordeal {
namespace json = boost::json;
namespace {

Error rejected(const std::string& file, std::string what, std::string fix) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.fix = std::move(fix);
  return error;
}

Result<void> add_hash(InspectedPlugin& plugin, const std::string& name, const std::string& hash) {
  // Another byte in the manifest, and the signature fits no more.
  if (!plugin.files.signature.empty()) {
    return rejected(name, "the manifest is signed but does not hold the library's hash",
                    "pack the plugin with `ordeal plugin pack`, then sign the package");
  }
  Result<json::value> manifest = parse_json(plugin.files.manifest, name);
  if (!manifest) return manifest.error();
  json::object integrity;
  integrity["sha256"] = hash;
  manifest->get_object()["integrity"] = std::move(integrity);
  plugin.files.manifest = pretty_json(*manifest);
  plugin.info.sha256 = hash;
  return {};
}

Result<void> check_library_file(InspectedPlugin& plugin, const std::string& name) {
  Result<std::string> library = plugin.files.library(plugin.info.library_path);
  if (!library) return library.error();
  plugin.library = std::move(*library);
  // By the rule of the cell that would load it.
  const std::string file = plugin.files.source + ": " + plugin.info.library_path;
  const Result<LibraryEntry> entry = read_library_entry(plugin.library, file);
  if (!entry) return entry.error();
  if (Result<void> fits = check_library_entry(*entry, file); !fits) return fits;
  const std::string hash = sha256_hex(plugin.library);
  if (plugin.info.sha256.empty()) return add_hash(plugin, name, hash);
  if (plugin.info.sha256 == hash) return {};
  return rejected(name,
                  "the library is not the one of its manifest: its SHA-256 is " + hash +
                      ", the manifest says " + plugin.info.sha256,
                  plugin.files.packed ? "get the package again"
                                      : "take integrity out of the manifest; it is added again");
}

}  // namespace

std::string manifest_label(const PluginFiles& files) {
  return files.packed ? files.source + "/" + files.manifest_name : files.source;
}

InspectedPlugin inspect_plugin(PluginFiles files, const std::string& name, ManifestRules& rules) {
  InspectedPlugin plugin;
  plugin.files = std::move(files);
  ManifestReading reading = read_manifest_text(plugin.files.manifest, name, rules);
  plugin.info = std::move(reading.info);
  plugin.errors = std::move(reading.errors);
  if (!plugin.errors.empty()) return plugin;
  if (Result<void> sound = check_library_file(plugin, name); !sound)
    plugin.errors.push_back(std::move(sound).error());
  return plugin;
}

}  // namespace ordeal
