// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_check.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>

#include "base/files.h"
#include "base/json.h"
#include "check/candidate.h"
#include "check/check_output.h"
#include "check/runner.h"
#include "registry/registry.h"
#include "store/unpack.h"

namespace ordeal {
namespace json = boost::json;
namespace {

int say(const Error& error) {
  std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

Error usage(std::string what, std::string expected = {}, std::string fix = {}) {
  Error error;
  error.code = ExitCode::usage;
  error.what = std::move(what);
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

Result<void> check_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const CheckCase& one : check_catalogue()) known.push_back(one.name);
  for (const std::string& name : names) {
    if (find_check_case(name) != nullptr) continue;
    const std::string near = nearest(name, known);
    return usage("there is no case '" + name + "'", "",
                 near.empty() ? "--list names them" : "did you mean '" + near + "'?");
  }
  return {};
}

/// --config FILE: an object by component id, or the config itself of a plugin with one component.
Result<std::map<std::string, std::string>> read_configs(const std::string& file,
                                                        const PluginInfo& plugin) {
  std::map<std::string, std::string> configs;
  if (file.empty()) return configs;
  const auto text = read_file(file, ExitCode::usage);
  if (!text) return text.error();
  auto parsed = parse_json(*text, file);
  if (!parsed) {
    parsed.error().code = ExitCode::usage;
    return parsed.error();
  }
  if (!parsed->is_object()) return usage(file + " is not a JSON object");
  const auto& object = parsed->get_object();
  const auto is_component = [&](std::string_view key) {
    return std::any_of(plugin.components.begin(), plugin.components.end(),
                       [&](const ComponentInfo& one) { return one.id == key; });
  };
  bool by_component = !object.empty();
  for (const auto& member : object)
    by_component = by_component && member.value().is_object() &&
                   is_component({member.key().data(), member.key().size()});
  if (by_component) {
    for (const auto& member : object)
      configs[std::string(member.key())] = compact_json(member.value());
  } else if (plugin.components.size() == 1) {
    configs[plugin.components.front().id] = compact_json(*parsed);
  } else {
    std::string ids;
    for (const ComponentInfo& one : plugin.components) ids += (ids.empty() ? "" : ", ") + one.id;
    return usage(file + " is not an object of configs by component", "keys out of " + ids);
  }
  return configs;
}

bool is_package(const std::string& path) {
  std::error_code failed;
  return path.ends_with(".ordeal") && std::filesystem::is_regular_file(path, failed);
}

}  // namespace

int plugin_check(const Options& options) {
  const PluginCheckOptions& wanted = options.plugin_check;
  if (wanted.list) {
    std::fputs(check_list().c_str(), stdout);
    return 0;
  }
  if (options.name.empty())
    return say(usage("PATH is missing", "a manifest, library, folder, package or id"));
  if (auto known = check_names(wanted.cases); !known) return say(known.error());
  std::optional<UnpackedPlugin> unpacked;  // as long as it is checked
  if (is_package(options.name)) {
    auto done = UnpackedPlugin::unpack(options.name);
    if (!done) return say(done.error());
    unpacked.emplace(std::move(*done));
  }
  auto plugin = find_candidate(unpacked ? unpacked->manifest() : options.name, options.plugin_dirs);
  if (!plugin) return say(plugin.error());
  auto configs = read_configs(wanted.config, plugin->info);
  if (!configs) return say(configs.error());

  CheckPlan plan;
  plan.level = wanted.level;
  plan.cases = wanted.cases;
  plan.seed = wanted.seed.value_or(std::random_device{}());
  plan.limit_s = wanted.time_limit;
  plan.configs = std::move(*configs);
  const PluginInfo& info = plugin->info;
  CheckHeader header{info.id,           info.version, info.manifest_path,
                     info.library_path, wanted.level, plan.seed};
  if (unpacked) {
    if (auto same = check_library_hash(info); plugin->errors.empty() && !same)
      plugin->errors.push_back(same.error());
    // The folder is gone when somebody reads this.
    header.manifest = options.name;
    header.library = options.name;
  }

  const bool as_text = wanted.format == "text";
  const bool live = as_text && wanted.output.empty();
  std::string text;
  auto results = run_checks(*plugin, plan, [&](const CheckResult& result) {
    const std::string line = check_line(result);
    text += line;
    if (!live) return;
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
  });
  if (!results) return say(results.error());
  if (wanted.format == "json") text = check_json(header, *results);
  if (wanted.format == "junit") text = check_junit(header, *results);
  if (as_text) text += check_summary(header, *results);
  if (!wanted.output.empty()) {
    if (auto written = write_file(wanted.output, text, false); !written)
      return say(written.error());
    std::fputs(check_summary(header, *results).c_str(), stdout);
  } else if (live) {
    std::fputs(check_summary(header, *results).c_str(), stdout);
  } else {
    std::fputs(text.c_str(), stdout);
  }
  return any_failed(*results) ? static_cast<int>(ExitCode::plugin_rejected) : 0;
}

}  // namespace ordeal
