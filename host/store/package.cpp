// SPDX-License-Identifier: Apache-2.0
#include "store/package.h"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "base/files.h"

namespace ordeal {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t largest_file = 256u * 1024 * 1024;
constexpr std::uint64_t largest_manifest = 256 * 1024;
constexpr std::uint64_t largest_signature = 8 * 1024;
constexpr int deepest = 2;
constexpr std::size_t most_walked = 20'000;

Error bad(const std::string& file, std::string what, std::string expected = {},
          std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

std::string own_platform() {
  utsname machine{};
  uname(&machine);
  return std::string("linux-") + machine.machine + "/";
}

/// A package holds its files at the top, or one set of them per platform in folders such as
/// linux-x86_64.
Result<PluginFiles> from_archive(const std::string& path) {
  const Result<std::string> bytes = read_file(path, ExitCode::plugin_rejected, largest_file);
  if (!bytes) return bytes.error();
  Result<ArchiveFiles> files = read_archive(*bytes, path);
  if (!files) return files.error();
  const std::string platform = own_platform();
  const bool by_platform = std::any_of(files->begin(), files->end(), [](const auto& one) {
    return one.first.starts_with("linux-") && one.first.find('/') != std::string::npos;
  });
  PluginFiles plugin;
  plugin.source = path;
  plugin.packed = true;
  for (auto& [name, content] : *files) {
    const bool here = !by_platform || name.starts_with(platform);
    if (!here) continue;
    const std::string plain = by_platform ? name.substr(platform.size()) : name;
    if (plain.find('/') != std::string::npos) continue;
    if (plain.ends_with(".so")) {
      plugin.libraries.emplace(plain, std::move(content));
    } else if (plain.ends_with(".json")) {
      if (!plugin.manifest_name.empty()) {
        return bad(
            path,
            "the package has two manifests, '" + plugin.manifest_name + "' and '" + plain + "'",
            "one plugin in a package");
      }
      if (content.size() > largest_manifest)
        return bad(path, "the package's manifest is too large");
      plugin.manifest_name = plain;
      plugin.manifest = std::move(content);
    }
  }
  if (plugin.manifest_name.empty()) {
    return by_platform ? bad(path, "the package has nothing for this machine",
                             "a folder " + platform + " in it", "get the package for this machine")
                       : bad(path, "the package has no manifest", "a file <id>.json in it");
  }
  const auto signature =
      files->find((by_platform ? platform : "") + plugin.manifest_name + ".minisig");
  if (signature != files->end()) {
    if (signature->second.size() > largest_signature)
      return bad(path, "the package's signature is too large");
    plugin.signature = signature->second;
  }
  return plugin;
}

Result<PluginFiles> of_manifest(const fs::path& manifest, const std::vector<fs::path>& libraries) {
  PluginFiles plugin;
  plugin.source = manifest.string();
  plugin.manifest_name = manifest.filename().string();
  Result<std::string> text = read_file(plugin.source, ExitCode::plugin_rejected, largest_manifest);
  if (!text) return text.error();
  plugin.manifest = std::move(*text);
  const std::string signature = plugin.source + ".minisig";
  std::error_code ignored;  // a name too long for the file system has no signature beside it
  if (fs::exists(signature, ignored)) {
    Result<std::string> bytes = read_file(signature, ExitCode::plugin_rejected, largest_signature);
    if (!bytes) return bytes.error();
    plugin.signature = std::move(*bytes);
  }
  // Only the one that goes by the manifest's name is read at once; another when it is asked for.
  for (const fs::path& library : libraries)
    plugin.libraries.emplace(library.filename().string(), library.string());
  return plugin;
}

struct Found {
  std::vector<fs::path> manifests;
  std::vector<fs::path> libraries;
};

/// The *.json and *.so of a folder, nearest first, in a stable order.
Result<Found> look_through(const std::string& folder) {
  Found found;
  std::error_code failed;
  std::size_t walked = 0;
  std::map<std::pair<int, std::string>, fs::path> sorted;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (++walked > most_walked)
      return bad(folder, "the folder holds too much to look through", {}, "name the manifest");
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      if (entry.depth() >= deepest || name.starts_with('.') || name == "CMakeFiles")
        entry.disable_recursion_pending();
      continue;
    }
    if (name.starts_with('.') || !(name.ends_with(".json") || name.ends_with(".so"))) continue;
    sorted.emplace(std::pair(entry.depth(), entry->path().string()), entry->path());
  }
  if (failed) return bad(folder, "looking through the folder: " + failed.message());
  for (const auto& [place, path] : sorted)
    (path.extension() == ".so" ? found.libraries : found.manifests).push_back(path);
  return found;
}

Result<PluginFiles> from_folder(const std::string& folder) {
  const Result<Found> found = look_through(folder);
  if (!found) return found.error();
  std::map<std::string, std::vector<fs::path>> pairs;  // by stem
  for (const fs::path& manifest : found->manifests) {
    for (const fs::path& library : found->libraries) {
      if (manifest.stem() != library.stem()) continue;
      pairs[manifest.stem().string()].push_back(manifest);
      break;
    }
  }
  if (pairs.size() > 1) {
    std::string names;
    for (const auto& [stem, paths] : pairs) names += (names.empty() ? "" : ", ") + stem;
    return bad(folder, "the folder holds several plugins: " + names, "one",
               "name the manifest of one");
  }
  if (pairs.empty()) {
    std::vector<fs::path> top;
    for (const fs::path& manifest : found->manifests) {
      if (manifest.parent_path() == fs::path(folder)) top.push_back(manifest);
    }
    if (top.size() == 1 && !found->libraries.empty()) return of_manifest(top[0], found->libraries);
    return bad(folder, "no plugin found in this folder",
               "a manifest <id>.json and its library <id>.so, at most two levels down",
               found->libraries.empty() ? "build it first" : "");
  }
  const std::vector<fs::path>& manifests = pairs.begin()->second;
  // A build tree may hold the manifest beside the library and that of the sources.
  for (const fs::path& manifest : manifests) {
    fs::path library = manifest;
    std::error_code ignored;
    if (fs::exists(library.replace_extension(".so"), ignored))
      return of_manifest(manifest, found->libraries);
  }
  if (manifests.size() > 1) {
    return bad(folder,
               "the folder holds two manifests of one plugin: " + manifests[0].string() + ", " +
                   manifests[1].string(),
               "one", "name the one that is meant");
  }
  return of_manifest(manifests[0], found->libraries);
}

}  // namespace

Result<std::string> PluginFiles::library(const std::string& name) const {
  const auto found = libraries.find(name);
  if (found != libraries.end()) {
    if (packed) return found->second;
    return read_file(found->second, ExitCode::plugin_rejected, largest_file);
  }
  std::string there;
  for (const auto& one : libraries) there += (there.empty() ? "" : ", ") + one.first;
  return bad(source, "the library '" + name + "' that the manifest names is not there",
             there.empty() ? "it beside the manifest" : "not only " + there,
             packed ? "get the package again" : "build it");
}

Result<PluginFiles> read_plugin_files(const std::string& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (!fs::exists(status)) {
    return bad(path, "there is no such file or folder",
               "a .ordeal package, a manifest or a folder");
  }
  if (fs::is_directory(status)) {
    std::string folder = path;
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return from_folder(folder);
  }
  if (!path.ends_with(".json")) return from_archive(path);
  const fs::path parent = fs::absolute(path, failed).parent_path();
  if (failed) return bad(path, "finding its folder: " + failed.message());
  const Result<Found> found = look_through(parent.string());
  if (!found) return found.error();
  return of_manifest(path, found->libraries);
}

Result<std::string> pack_plugin(const std::string& id, const std::string& manifest,
                                const std::string& signature, const std::string& library_name,
                                const std::string& library) {
  ArchiveFiles files{{id + ".json", manifest}, {library_name, library}};
  if (!signature.empty()) files[id + ".json.minisig"] = signature;
  return write_archive(files);
}

}  // namespace ordeal
