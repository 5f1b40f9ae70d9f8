// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_list.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <ostream>

#include "base/json.h"
#include "base/plain_text.h"

namespace ordeal {
namespace {

using Row = std::array<std::string, 5>;

std::string components_of(const PluginInfo& plugin) {
  std::string text;
  for (const ComponentInfo& one : plugin.components) {
    text += (text.empty() ? "" : ", ") + one.kind + " " + one.id;
  }
  return text;
}

boost::json::value as_json(const Registry& registry) {
  boost::json::array plugins;
  for (const PluginInfo& plugin : registry.plugins()) {
    boost::json::array components;
    for (const ComponentInfo& one : plugin.components) {
      boost::json::object component;
      component["kind"] = one.kind;
      component["id"] = one.id;
      component["title"] = one.title;
      components.emplace_back(std::move(component));
    }
    boost::json::object entry;
    entry["id"] = plugin.id;
    entry["version"] = plugin.version;
    entry["name"] = plugin.name;
    entry["components"] = std::move(components);
    entry["origin"] = plugin.origin;
    entry["shipped"] = plugin.shipped;
    entry["manifest"] = plugin.manifest_path;
    entry["library"] = plugin.library_path;
    plugins.emplace_back(std::move(entry));
  }
  boost::json::array problems;
  for (const PluginProblem& problem : registry.problems()) {
    boost::json::object entry;
    entry["id"] = problem.id;
    entry["manifest"] = problem.manifest_path;
    entry["hidden"] = problem.shadowed;
    entry["message"] = problem.error.line();
    problems.emplace_back(std::move(entry));
  }
  boost::json::object all;
  all["plugins"] = std::move(plugins);
  all["problems"] = std::move(problems);
  return boost::json::value(std::move(all));
}

void print_table(const std::vector<Row>& rows, std::ostream& out) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out << '\n';
  }
}

}  // namespace

int plugin_list(const Registry& registry, bool json, std::ostream& out) {
  if (json) {
    out << pretty_json(as_json(registry));
    return 0;
  }
  if (registry.plugins().empty()) {
    out << "no usable plugin; searched:";
    for (const PluginPlace& place : registry.places()) out << ' ' << place.manifests;
    out << '\n';
  } else {
    std::vector<Row> rows{{"ID", "VERSION", "COMPONENTS", "ORIGIN", "PATH"}};
    for (const PluginInfo& plugin : registry.plugins()) {
      rows.push_back({plugin.id, plugin.version, components_of(plugin), plugin.origin,
                      plain_text(plugin.library_path)});
    }
    print_table(rows, out);
  }
  for (const PluginProblem& problem : registry.problems()) {
    out << (problem.shadowed ? "hidden: " : "refused: ") << problem.error.line() << '\n';
  }
  return 0;
}

}  // namespace ordeal
