// SPDX-License-Identifier: Apache-2.0
#include "check/candidate.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>

#include "base/files.h"
#include "base/json.h"

namespace ordeal {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_manifest = 256 * 1024;
constexpr std::size_t most_entries = 20'000;

Error usage(std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::usage;
  error.what = std::move(what);
  error.fix = std::move(fix);
  return error;
}

/// What a manifest calls its library; nothing when the file is no manifest at all.
std::optional<std::string> library_of(const std::string& manifest) {
  const auto text = read_file(manifest, ExitCode::usage, largest_manifest);
  if (!text) return std::nullopt;
  const auto parsed = parse_json(*text, manifest);
  if (!parsed) return std::nullopt;
  const json::value* version = at_pointer(*parsed, "/manifest_version");
  const json::value* library = at_pointer(*parsed, "/library");
  if (version == nullptr || library == nullptr || !library->is_string()) return std::nullopt;
  return std::string(library->get_string());
}

/// Regular files at most two levels below `folder`, in order.
std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder, failed);
  for (std::size_t seen = 0; !failed && entry != fs::recursive_directory_iterator();
       entry.increment(failed)) {
    if (++seen > most_entries) break;
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(failed) && (entry.depth() >= 2 || name.starts_with('.')))
      entry.disable_recursion_pending();
    if (entry->is_regular_file(failed)) files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<ManifestReading> read(const std::string& manifest, const std::string& libraries) {
  const auto schema = read_manifest_schema("");
  if (!schema) return schema.error();
  ManifestRules rules{*schema};
  const PluginPlace place{fs::path(manifest).parent_path().string(), libraries, Trust::owner,
                          "plugin check"};
  return read_manifest(manifest, place, rules);
}

std::string folder_of(const fs::path& file) {
  return fs::absolute(file).lexically_normal().parent_path().string();
}

/// The folder of the library called `name`: beside the manifest, or somewhere in the tree.
std::string libraries_of(const std::string& manifest, const std::string& name,
                         const std::vector<std::string>& files) {
  const std::string own = folder_of(manifest);
  std::error_code ignored;
  if (fs::exists(own + "/" + name, ignored)) return own;
  for (const std::string& file : files)
    if (fs::path(file).filename() == name) return folder_of(file);
  return own;
}

Result<ManifestReading> in_folder(const std::string& folder) {
  const std::vector<std::string> files = files_below(folder);
  std::vector<std::string> manifests;
  for (const std::string& file : files)
    if (fs::path(file).extension() == ".json" && library_of(file)) manifests.push_back(file);
  if (manifests.empty())
    return usage("no plugin manifest is in " + folder + " or up to two levels below it",
                 "name the manifest file");
  if (manifests.size() > 1) {
    std::string names;
    for (std::size_t i = 0; i < manifests.size() && i < 10; ++i)
      names += (names.empty() ? "" : ", ") + manifests[i];
    return usage(folder + " holds several plugins: " + names, "name one of them");
  }
  return read(manifests.front(),
              libraries_of(manifests.front(), *library_of(manifests.front()), files));
}

Result<ManifestReading> of_library(const std::string& library) {
  const std::string folder = folder_of(library);
  const std::string name = fs::path(library).filename().string();
  std::error_code failed;
  std::vector<std::string> manifests;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    if (entry->path().extension() == ".json" && library_of(entry->path().string()) == name)
      manifests.push_back(entry->path().string());
  if (manifests.size() == 1) return read(manifests.front(), folder);
  return usage(manifests.empty() ? "no manifest beside " + library + " names it as its library"
                                 : "several manifests beside " + library + " name it",
               "name the manifest file");
}

/// Also a manifest of a place whose libraries are elsewhere, as in the installation.
Result<ManifestReading> of_manifest(const std::string& manifest,
                                    const std::vector<std::string>& plugin_dirs) {
  const std::string folder = folder_of(manifest);
  std::error_code ignored;
  const auto name = library_of(manifest);
  if (name && !fs::exists(folder + "/" + *name, ignored)) {
    for (const PluginPlace& place : Registry::default_places(plugin_dirs))
      if (fs::equivalent(place.manifests, folder, ignored)) return read(manifest, place.libraries);
  }
  return read(manifest, folder);
}

Result<ManifestReading> of_id(const std::string& id, const std::vector<std::string>& plugin_dirs) {
  const Registry registry = Registry::scan(Registry::default_places(plugin_dirs));
  for (const PluginInfo& plugin : registry.plugins()) {
    if (plugin.id != id) continue;
    ManifestReading reading;
    reading.info = plugin;
    return reading;
  }
  ManifestReading refused;
  for (const PluginProblem& problem : registry.problems()) {
    if (problem.id != id || problem.shadowed) continue;
    refused.info.id = id;
    refused.info.manifest_path = problem.manifest_path;
    refused.errors.push_back(problem.error);
  }
  if (!refused.errors.empty()) return refused;
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = "no file, folder or installed plugin is called '" + id + "'";
  error.fix = "see ordeal plugin list";
  return error;
}

}  // namespace

Result<ManifestReading> find_candidate(const std::string& path,
                                       const std::vector<std::string>& plugin_dirs) {
  std::error_code failed;
  if (fs::is_directory(path, failed)) return in_folder(fs::absolute(path).string());
  if (!fs::is_regular_file(path, failed)) {
    if (path.find('/') != std::string::npos) return usage(path + " does not exist");
    return of_id(path, plugin_dirs);
  }
  const std::string extension = fs::path(path).extension().string();
  if (extension == ".json") return of_manifest(fs::absolute(path).string(), plugin_dirs);
  if (extension == ".so") return of_library(path);
  return usage(path + " is neither a manifest (.json) nor a library (.so) nor a folder");
}

}  // namespace ordeal
