// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "registry/manifest.h"

namespace ordeal {
namespace json = boost::json;
namespace {

Error rejected(std::string what, const std::string& file = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  return error;
}

/// The manifests of a folder in a stable order.
Result<std::vector<std::string>> manifest_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == ".json" && !path.filename().string().starts_with('.')) {
      files.push_back(path.string());
    }
  }
  if (failed) return rejected("reading the plugin folder: " + failed.message(), folder);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> component_names(const PluginInfo& info) {
  std::vector<std::string> names;
  for (const ComponentInfo& one : info.components) names.push_back(one.kind + " " + one.id);
  return names;
}

void refuse(std::vector<PluginProblem>& problems, const ManifestReading& reading, Error error,
            bool shadowed = false) {
  const PluginInfo& info = reading.info;
  problems.push_back({info.manifest_path, info.id, std::move(error), shadowed,
                      component_names(info), info.version, info.library_path, info.installed_in});
}

std::string link_of(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::read_symlink(file, ignored).string();
}

/// Reads a manifest again when an upgrade took its files away meanwhile: a scan sees the old plugin
/// or the new one.
ManifestReading read_settled(const std::string& file, const PluginPlace& place,
                             ManifestRules& rules) {
  constexpr int attempts = 8;
  for (int i = 0;; ++i) {
    const std::string before = link_of(file);
    ManifestReading reading = read_manifest(file, place, rules);
    if (reading.errors.empty() || before == link_of(file) || i == attempts) return reading;
  }
}

/// The readings of all files, in their order. Many are read by several threads.
std::vector<ManifestReading> read_all(const std::vector<std::string>& files,
                                      const PluginPlace& place, ManifestRules& rules) {
  constexpr std::size_t worth_a_thread = 64;
  constexpr std::size_t most_threads = 4;
  std::vector<ManifestReading> readings(files.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&](ManifestRules& own) {
    for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < files.size();)
      readings[i] = read_settled(files[i], place, own);
  };
  const std::size_t wanted = std::min<std::size_t>(
      {most_threads, std::thread::hardware_concurrency(), files.size() / worth_a_thread + 1});
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < wanted; ++i) {
    others.emplace_back([&] {
      ManifestRules own{rules.schema};
      own.keys = rules.keys;
      work(own);
    });
  }
  work(rules);
  for (std::thread& one : others) one.join();
  return readings;
}

/// All readings of one place; ids given twice are refused, whichever came first.
std::vector<ManifestReading> read_place(const PluginPlace& place, ManifestRules& rules,
                                        std::vector<PluginProblem>& problems) {
  std::vector<ManifestReading> readings;
  if (place.blocked) {
    problems.push_back({place.manifests, {}, *place.blocked, false, {}});
    return readings;
  }
  Result<std::vector<std::string>> files = manifest_files(place.manifests);
  if (!files) {
    Error error = files.error();
    error.context = place.origin;
    problems.push_back({place.manifests, {}, std::move(error), false, {}});
    return readings;
  }
  std::map<std::string, std::vector<std::size_t>> by_id;
  for (ManifestReading& reading : read_all(*files, place, rules)) {
    const std::string& file = reading.info.manifest_path;
    // It was removed since the folder was listed.
    if (!reading.errors.empty() && !std::filesystem::is_symlink(file) &&
        !std::filesystem::exists(file))
      continue;
    readings.push_back(std::move(reading));
    if (!readings.back().info.id.empty() && !readings.back().id_by_name) {
      by_id[readings.back().info.id].push_back(readings.size() - 1);
    }
  }
  for (const auto& [id, indices] : by_id) {
    if (indices.size() < 2) continue;
    for (std::size_t index : indices) {
      ManifestReading& reading = readings[index];
      std::string others;
      for (std::size_t other : indices) {
        if (other != index)
          others += (others.empty() ? "" : ", ") + readings[other].info.manifest_path;
      }
      Error error =
          rejected("plugin id '" + id + "' is given twice in one folder: also in " + others,
                   reading.info.manifest_path);
      error.where.pointer = "/id";
      error.expected = "each id once in a folder";
      error.fix = "remove one of the two";
      reading.errors.push_back(std::move(error));
    }
  }
  return readings;
}

/// Refuses plugins whose required plugins are not there, until nothing changes any more.
void drop_unmet(std::vector<PluginInfo>& plugins, std::vector<PluginProblem>& problems) {
  std::map<std::string_view, Version> present;
  for (const PluginInfo& plugin : plugins)
    present.emplace(plugin.id, parse_version(plugin.version).value());
  std::vector<bool> dropped(plugins.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < plugins.size(); ++i) {
      if (dropped[i]) continue;
      std::optional<Error> unmet = unmet_requirement(plugins[i], [&](const std::string& id) {
        const auto found = present.find(id);
        return found == present.end() ? nullptr : &found->second;
      });
      if (!unmet) continue;
      problems.push_back({plugins[i].manifest_path, plugins[i].id, std::move(*unmet), false,
                          component_names(plugins[i]), plugins[i].version, plugins[i].library_path,
                          plugins[i].installed_in});
      present.erase(plugins[i].id);
      dropped[i] = changed = true;
    }
  }
  std::vector<PluginInfo> kept;
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    if (!dropped[i]) kept.push_back(std::move(plugins[i]));
  }
  plugins = std::move(kept);
}

}  // namespace

std::string effective_isolation(const PluginInfo& plugin, const std::string& asked) {
  if (!asked.empty()) return asked;
  return plugin.shipped ? plugin.isolation_default : "own";
}

Result<json::value> read_manifest_schema(const std::string& schemas) {
  const std::string file = (schemas.empty() ? install_paths().manifests + "/schemas" : schemas) +
                           "/plugin-manifest.json";
  const Result<std::string> text = read_file(file, ExitCode::internal);
  Result<json::value> schema = text ? parse_json(*text, file) : Result<json::value>(text.error());
  if (schema) return schema;
  Error error = std::move(schema.error()).within("reading the manifest schema");
  error.code = ExitCode::internal;
  if (error.where.file.empty()) error.where.file = file;
  return error;
}

Registry Registry::scan(const std::vector<PluginPlace>& places, const std::string& schemas,
                        const std::string& keys) {
  Registry registry;
  registry.places_ = places;
  const std::string own_manifests = install_paths().manifests;
  Result<json::value> schema = read_manifest_schema(schemas);
  if (!schema) {
    const std::string file = schema.error().where.file;
    registry.problems_.push_back({file, {}, std::move(schema).error(), false, {}});
    return registry;
  }
  ManifestRules rules{*schema};
  if (std::any_of(places.begin(), places.end(), [](const PluginPlace& place) {
        return place.trust == Trust::is_signed && !place.blocked;
      })) {
    rules.keys = read_trusted_keys(keys.empty() ? install_paths().sysconf + "/trusted.d" : keys,
                                   rules.bad_keys);
  }
  std::map<std::string, std::string> taken;  // id -> the manifest that has it
  for (const PluginPlace& place : places) {
    std::error_code ignored;
    const bool shipped =
        std::filesystem::equivalent(place.manifests, own_manifests + "/plugins", ignored);
    std::map<std::string, std::string> here;
    for (ManifestReading& reading : read_place(place, rules, registry.problems_)) {
      const std::string& id = reading.info.id;
      const auto earlier = taken.find(id);
      if (!id.empty() && earlier != taken.end()) {
        Error error = rejected("plugin '" + id + "' is hidden by " + earlier->second,
                               reading.info.manifest_path);
        refuse(registry.problems_, reading, std::move(error), true);
        continue;
      }
      if (!id.empty()) here.emplace(id, reading.info.manifest_path);
      for (Error& error : reading.errors) {
        refuse(registry.problems_, reading, std::move(error));
      }
      if (!reading.errors.empty()) continue;
      reading.info.shipped = shipped;
      registry.plugins_.push_back(std::move(reading.info));
    }
    taken.merge(here);
  }
  drop_unmet(registry.plugins_, registry.problems_);
  return registry;
}

Result<Registry::Found> Registry::find(std::string_view kind, std::string_view name) const {
  const std::size_t slash = name.find('/');
  const std::string_view plugin_id = slash == std::string_view::npos ? "" : name.substr(0, slash);
  const std::string_view id = slash == std::string_view::npos ? name : name.substr(slash + 1);
  Found found;
  std::vector<std::string> offered;
  for (const PluginInfo& plugin : plugins_) {
    for (const ComponentInfo& component : plugin.components) {
      if (component.kind != kind) continue;
      offered.push_back(plugin_id.empty() ? component.id : plugin.id + "/" + component.id);
      if (component.id != id || (!plugin_id.empty() && plugin.id != plugin_id)) continue;
      if (found.plugin == nullptr) {
        found = {&plugin, &component};
      } else if (std::filesystem::path(found.plugin->manifest_path).parent_path() ==
                 std::filesystem::path(plugin.manifest_path).parent_path()) {
        Error error =
            rejected(std::string(kind) + " '" + std::string(name) + "' is offered by two plugins");
        error.expected = "'" + found.plugin->id + "/" + component.id + "' or '" + plugin.id + "/" +
                         component.id + "'";
        return error;
      }
    }
  }
  if (found.plugin != nullptr) return found;
  for (const PluginPlace& place : places_) {
    if (place.blocked) return rejected("no plugin may be used: " + place.blocked->line());
  }

  Error error =
      rejected("no usable plugin offers the " + std::string(kind) + " '" + std::string(name) + "'");
  std::sort(offered.begin(), offered.end());
  offered.erase(std::unique(offered.begin(), offered.end()), offered.end());
  for (const std::string& one : offered)
    error.expected += (error.expected.empty() ? "one of " : ", ") + one;
  const std::string near = nearest(name, offered);
  if (!near.empty()) error.fix = "did you mean '" + near + "'?";
  const std::string wanted = std::string(kind) + " " + std::string(id);
  for (const PluginProblem& problem : problems_) {
    const bool its = std::find(problem.components.begin(), problem.components.end(), wanted) !=
                     problem.components.end();
    if (problem.shadowed && its) {
      // What hides it may be so broken that nobody knows what it offers.
      const auto hides = [&](const PluginProblem& other) {
        return !other.shadowed && other.id == problem.id;
      };
      const auto hiding = std::find_if(problems_.begin(), problems_.end(), hides);
      if (hiding == problems_.end()) continue;
      error.fix = "it was refused: " + hiding->error.line();
      return error;
    }
    if (problem.shadowed || (!its && (plugin_id.empty() || problem.id != plugin_id))) continue;
    error.fix = "it was refused: " + problem.error.line();
    return error;
  }
  std::string searched;
  for (const PluginPlace& place : places_)
    searched += (searched.empty() ? "" : ", ") + place.manifests;
  if (!error.fix.empty()) error.fix += " ";
  error.fix += "(searched: " + (searched.empty() ? "no folder" : searched) + ")";
  return error;
}

}  // namespace ordeal
