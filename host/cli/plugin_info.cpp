// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_info.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "base/json.h"
#include "base/plain_text.h"
#include "cli/plugin_options.h"
#include "registry/privileges.h"

namespace ordeal {
namespace {

const char* trust_word(Trust trust) {
  switch (trust) {
    case Trust::owner:
      return "by owner of its files";
    case Trust::hash:
      return "by hash";
    case Trust::is_signed:
      return "by signature";
  }
  return "";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

boost::json::array as_array(const std::vector<std::string>& words) {
  boost::json::array array;
  for (const std::string& word : words) array.emplace_back(word);
  return array;
}

boost::json::value parsed_or_null(const std::string& text) {
  Result<boost::json::value> parsed = parse_json(text, {});
  return parsed ? std::move(*parsed) : boost::json::value(nullptr);
}

boost::json::array topics_json(const std::vector<TopicUse>& uses, bool publishes) {
  boost::json::array array;
  for (const TopicUse& use : uses) {
    boost::json::object one;
    one["topic"] = use.topic;
    one["revision"] = use.revision;
    one["queue"] = use.queue;
    if (publishes) {
      one["schema"] = use.schema.empty() ? boost::json::value(nullptr) : parsed_or_null(use.schema);
    } else {
      one["depth"] = use.depth;
      one["optional"] = use.optional;
    }
    array.emplace_back(std::move(one));
  }
  return array;
}

std::string topic_line(const TopicUse& use) {
  return use.topic + " revision " + std::to_string(use.revision) + ", " + use.queue +
         (use.depth == 0 ? "" : ", depth " + std::to_string(use.depth)) +
         (use.optional ? ", optional" : "");
}

boost::json::value as_json(const PluginInfo& plugin) {
  boost::json::object all;
  all["id"] = plugin.id;
  all["version"] = plugin.version;
  all["name"] = plugin.name;
  all["description"] = plugin.description;
  all["license"] = plugin.license;
  all["homepage"] = plugin.homepage;
  boost::json::object abi;
  abi["major"] = plugin.abi_major;
  abi["min_minor"] = plugin.abi_min_minor;
  all["abi"] = std::move(abi);
  all["origin"] = plugin.origin;
  all["shipped"] = plugin.shipped;
  all["manifest"] = plugin.manifest_path;
  all["library"] = plugin.library_path;
  all["trust"] = trust_word(plugin.trust);
  all["sha256"] =
      plugin.sha256.empty() ? boost::json::value(nullptr) : boost::json::value(plugin.sha256);
  boost::json::array required;
  for (const PluginRequirement& one : plugin.required) {
    boost::json::object entry;
    entry["id"] = one.id;
    entry["version"] = one.range.text();
    entry["optional"] = one.optional;
    required.emplace_back(std::move(entry));
  }
  all["requires"] = std::move(required);
  boost::json::object isolation;
  isolation["allowed"] = as_array(plugin.isolation_allowed);
  isolation["default"] = plugin.isolation_default;
  all["isolation"] = std::move(isolation);
  all["privileges"] = as_array(plugin.privileges);
  boost::json::object topics;
  topics["publishes"] = topics_json(plugin.publishes, true);
  topics["subscribes"] = topics_json(plugin.subscribes, false);
  all["topics"] = std::move(topics);
  all["confinement"] = as_array(describe_confinement(plugin.privileges));
  boost::json::array components;
  for (const ComponentInfo& one : plugin.components) {
    boost::json::object component;
    component["kind"] = one.kind;
    component["id"] = one.id;
    component["title"] = one.title;
    component["config_schema"] = parsed_or_null(one.config_schema);
    component["defaults"] = parsed_or_null(one.defaults);
    component["codes"] = parsed_or_null(one.codes);
    component["wants"] = as_array(one.wants);
    component["options"] = options_json(plugin_options(one));
    components.emplace_back(std::move(component));
  }
  all["components"] = std::move(components);
  return boost::json::value(std::move(all));
}

void print_component(const ComponentInfo& component, std::ostream& out) {
  out << '\n' << component.kind << ' ' << component.id;
  if (!component.title.empty()) out << ": " << plain_text(component.title);
  out << '\n';
  print_options(plugin_options(component), out);
  const Result<boost::json::value> codes = parse_json(component.codes, {});
  if (!codes || !codes->is_object() || codes->get_object().empty()) return;
  out << "  codes of operations\n";
  for (const auto& [code, meaning] : codes->get_object())
    if (meaning.is_string())
      out << "    " << std::string_view(code) << "  "
          << plain_text(std::string(meaning.get_string())) << '\n';
}

int unknown(const Registry& registry, const std::string& id, std::ostream& err) {
  std::vector<std::string> ids;
  for (const PluginInfo& plugin : registry.plugins()) ids.push_back(plugin.id);
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = "no usable plugin '" + id + "'";
  if (!ids.empty()) error.expected = "one of " + joined(ids);
  const std::string near = nearest(id, ids);
  if (!near.empty()) error.fix = "did you mean '" + near + "'?";
  for (const PluginProblem& problem : registry.problems()) {
    if (problem.id != id || problem.shadowed) continue;
    error.fix = "it was refused: " + problem.error.line();
    break;
  }
  err << error.line() << '\n';
  return static_cast<int>(error.code);
}

}  // namespace

int plugin_info(const Registry& registry, const std::string& id, bool json, std::ostream& out,
                std::ostream& err) {
  const auto found = std::find_if(registry.plugins().begin(), registry.plugins().end(),
                                  [&](const PluginInfo& plugin) { return plugin.id == id; });
  if (found == registry.plugins().end()) return unknown(registry, id, err);
  const PluginInfo& plugin = *found;
  if (Result<void> same = check_library_hash(plugin); !same) {
    err << same.error().line() << '\n';
    return static_cast<int>(same.error().code);
  }
  if (json) {
    out << pretty_json(as_json(plugin));
    return 0;
  }
  const auto line = [&out](const char* name, const std::string& value) {
    if (!value.empty())
      out << name << std::string(13 - std::string_view(name).size(), ' ') << plain_text(value)
          << '\n';
  };
  line("id", plugin.id);
  line("version", plugin.version);
  line("name", plugin.name);
  line("description", plugin.description);
  line("license", plugin.license);
  line("homepage", plugin.homepage);
  line("abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_min_minor));
  line("origin", plugin.origin + (plugin.shipped ? " (shipped with ordeal)" : ""));
  line("manifest", plugin.manifest_path);
  line("library", plugin.library_path);
  line("trusted", trust_word(plugin.trust));
  line("sha256", plugin.sha256);
  line("isolation",
       plugin.isolation_default + " (allowed: " + joined(plugin.isolation_allowed) + ")");
  line("privileges", joined(plugin.privileges));
  for (const TopicUse& use : plugin.publishes) line("publishes", topic_line(use));
  for (const TopicUse& use : plugin.subscribes) line("subscribes", topic_line(use));
  line("confined", joined(describe_confinement(plugin.privileges)));
  std::vector<std::string> required;
  for (const PluginRequirement& one : plugin.required) {
    required.push_back(one.id + (one.range.text() == "*" ? "" : " " + one.range.text()) +
                       (one.optional ? " (optional)" : ""));
  }
  line("requires", joined(required));
  for (const ComponentInfo& component : plugin.components) print_component(component, out);
  return 0;
}

}  // namespace ordeal
