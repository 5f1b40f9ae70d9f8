// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest.h"

#include <ordeal/abi/entry.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "registry/config_schema.h"
#include "registry/manifest_topics.h"
#include "registry/privileges.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_manifest = 256 * 1024;
constexpr std::size_t most_errors = 8;

constexpr std::array<std::string_view, 6> host_extensions{
    "ordeal.host.log/1", "ordeal.host.clock/1",   "ordeal.host.metrics/1",
    "ordeal.host.bus/1", "ordeal.host.reactor/1", "ordeal.host.process/1"};

std::string text_at(const json::value& root, const char* pointer, const char* otherwise = "") {
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_string()) return otherwise;
  return {found->get_string().data(), found->get_string().size()};
}

std::uint32_t number_at(const json::value& root, const char* pointer) {
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_number()) return 0;
  json::error_code failed;
  const auto number = found->to_number<std::uint32_t>(failed);
  return failed ? 0 : number;
}

std::vector<std::string> texts_at(const json::value& root, const char* pointer) {
  std::vector<std::string> texts;
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_array()) return texts;
  for (const json::value& one : found->get_array()) {
    if (one.is_string()) texts.emplace_back(one.get_string().data(), one.get_string().size());
  }
  return texts;
}

/// One manifest while it is being read.
class ManifestReader {
 public:
  ManifestReader(const std::string& path, const PluginPlace& place) : place_(place) {
    reading_.info.manifest_path = path;
    reading_.info.trust = place.trust;
    reading_.info.origin = place.origin;
  }

  ManifestReading read(const json::value& schema) {
    Result<std::string> text =
        read_file(reading_.info.manifest_path, ExitCode::plugin_rejected, largest_manifest);
    if (!text) {
      reading_.errors.push_back(text.error());
      return std::move(reading_);
    }
    text_ = std::move(*text);
    Result<json::value> parsed = parse_json(text_, reading_.info.manifest_path);
    if (!parsed) {
      Error error = parsed.error();
      error.code = ExitCode::plugin_rejected;
      reading_.errors.push_back(std::move(error));
      return std::move(reading_);
    }
    const json::value& manifest = *parsed;
    take_identity(manifest);
    for (SchemaViolation& one : check_schema(schema, manifest)) {
      if (reading_.errors.size() >= most_errors) break;
      fail(one.pointer, one.what, one.expected, one.fix, one.at_key);
    }
    // A manifest of the wrong shape has nothing more to say that could be relied on.
    if (!reading_.errors.empty()) return std::move(reading_);
    take_details(manifest);
    check_abi(manifest);
    check_platform(manifest);
    check_library(manifest);
    check_requirements(manifest);
    check_components(manifest);
    const auto wrong = [this](const std::string& pointer, std::string what, std::string expected) {
      fail(pointer, std::move(what), std::move(expected));
    };
    reading_.info.publishes = read_topics(manifest, text_, "publishes", wrong);
    reading_.info.subscribes = read_topics(manifest, text_, "subscribes", wrong);
    check_trust(manifest);
    return std::move(reading_);
  }

 private:
  void fail(const std::string& pointer, std::string what, std::string expected = {},
            std::string fix = {}, bool at_key = false) {
    const JsonPosition position = locate_json(text_, pointer, at_key);
    Error error;
    error.code = ExitCode::plugin_rejected;
    error.what = std::move(what);
    error.where = {reading_.info.manifest_path, position.line, position.column, pointer};
    error.expected = std::move(expected);
    error.fix = std::move(fix);
    reading_.errors.push_back(std::move(error));
  }

  /// Taken before the schema check, so that a refused plugin can still be named.
  void take_identity(const json::value& manifest) {
    PluginInfo& info = reading_.info;
    info.id = text_at(manifest, "/id");
    info.version = text_at(manifest, "/version");
    const json::value* components = at_pointer(manifest, "/components");
    if (components == nullptr || !components->is_array()) return;
    for (const json::value& one : components->get_array()) {
      ComponentInfo component;
      component.id = text_at(one, "/id");
      component.kind = text_at(one, "/kind");
      component.title = text_at(one, "/title");
      const json::value* config_schema = at_pointer(one, "/config_schema");
      const json::value* defaults = at_pointer(one, "/defaults");
      component.config_schema = config_schema != nullptr ? compact_json(*config_schema) : "{}";
      component.defaults = defaults != nullptr ? compact_json(*defaults) : "{}";
      info.components.push_back(std::move(component));
    }
  }

  void take_details(const json::value& manifest) {
    PluginInfo& info = reading_.info;
    info.name = text_at(manifest, "/name", info.id.c_str());
    info.description = text_at(manifest, "/description");
    info.license = text_at(manifest, "/license");
    info.homepage = text_at(manifest, "/homepage");
    info.abi_major = number_at(manifest, "/abi/major");
    info.abi_min_minor = number_at(manifest, "/abi/min_minor");
    info.sha256 = text_at(manifest, "/integrity/sha256");
    std::transform(info.sha256.begin(), info.sha256.end(), info.sha256.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    info.privileges = texts_at(manifest, "/requires/privileges");
    info.isolation_default = text_at(manifest, "/isolation/default", "own");
    info.isolation_allowed = texts_at(manifest, "/isolation/allowed");
    if (info.isolation_allowed.empty()) info.isolation_allowed = {info.isolation_default};
    if (std::find(info.isolation_allowed.begin(), info.isolation_allowed.end(),
                  info.isolation_default) == info.isolation_allowed.end()) {
      fail("/isolation/default",
           "isolation '" + info.isolation_default + "' is not allowed by the manifest itself",
           "one of isolation.allowed");
    }
    reading_.required_plugins = texts_at(manifest, "/requires/plugins");
  }

  void check_abi(const json::value&) {
    const PluginInfo& info = reading_.info;
    const bool same_major = info.abi_major == ORDEAL_ABI_MAJOR;
    // While the ABI is young (major 0) every minor may break it.
    const bool minor_fits = ORDEAL_ABI_MAJOR == 0 ? info.abi_min_minor == ORDEAL_ABI_MINOR
                                                  : info.abi_min_minor <= ORDEAL_ABI_MINOR;
    if (same_major && minor_fits) return;
    const auto version = [](std::uint32_t major, std::uint32_t minor) {
      return std::to_string(major) + "." + std::to_string(minor);
    };
    const std::string mine = version(ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR);
    const std::string its = version(info.abi_major, info.abi_min_minor);
    fail(same_major ? "/abi/min_minor" : "/abi/major",
         "the plugin is built for plugin ABI " + its + ", but this ordeal offers " + mine,
         "ABI " + mine, "rebuild the plugin with the SDK of this ordeal");
  }

  void check_platform(const json::value& manifest) {
    const std::string platform = text_at(manifest, "/platform", "linux");
    utsname machine{};
    uname(&machine);
    const std::string here = std::string("linux-") + machine.machine;
    if (platform == "linux" || platform == here) return;
    fail("/platform", "the plugin is for platform '" + platform + "'", "linux or " + here);
  }

  void check_library(const json::value& manifest) {
    const std::string library = text_at(manifest, "/library");
    // Only a plain name: the manifest must not reach out of its own folder.
    if (library.find('/') != std::string::npos || library == "." || library.find("..") == 0) {
      fail("/library", "the library '" + library + "' is not a plain file name",
           "a name without '/' or '..'");
      return;
    }
    reading_.info.library_path = place_.libraries + "/" + library;
    struct stat status {};
    if (stat(reading_.info.library_path.c_str(), &status) != 0) {
      Error error =
          errno_error(ExitCode::plugin_rejected, "library " + reading_.info.library_path, errno);
      fail("/library", error.what, {}, "build or install it, or correct the name");
    } else if (!S_ISREG(status.st_mode)) {
      fail("/library", reading_.info.library_path + " is not a regular file");
    }
  }

  void check_requirements(const json::value& manifest) {
    std::vector<std::string> known(host_extensions.begin(), host_extensions.end());
    const std::vector<std::string> wanted = texts_at(manifest, "/requires/host_extensions");
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (std::find(known.begin(), known.end(), wanted[i]) != known.end()) continue;
      const std::string near = nearest(wanted[i], known);
      fail("/requires/host_extensions/" + std::to_string(i),
           "this ordeal has no host service '" + wanted[i] + "'", {},
           near.empty() ? near : "did you mean '" + near + "'?");
    }
    const std::vector<std::string> privileges(known_privileges.begin(), known_privileges.end());
    const std::vector<std::string>& asked = reading_.info.privileges;
    const auto listed = [](const std::vector<std::string>& list, std::string_view one) {
      return std::find(list.begin(), list.end(), one) != list.end();
    };
    if (listed(wanted, "ordeal.host.process/1") && !listed(asked, privilege_process))
      fail("/requires/host_extensions",
           "'ordeal.host.process/1' is only for plugins with the privilege process", {},
           "add \"process\" to requires.privileges");
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (std::find(privileges.begin(), privileges.end(), asked[i]) != privileges.end()) continue;
      const std::string near = nearest(asked[i], privileges);
      fail("/requires/privileges/" + std::to_string(i),
           "this ordeal has no privilege '" + asked[i] + "'", "network or process",
           near.empty() ? near : "did you mean '" + near + "'?");
    }
  }

  void check_components(const json::value& manifest) {
    std::set<std::string> ids;
    for (std::size_t i = 0; i < reading_.info.components.size(); ++i) {
      const std::string base = "/components/" + std::to_string(i);
      const ComponentInfo& component = reading_.info.components[i];
      if (!ids.insert(component.id).second) {
        fail(base + "/id", "component id '" + component.id + "' is used twice in this plugin",
             "each id once");
      }
      const json::value* schema = at_pointer(manifest, base + "/config_schema");
      const json::value* defaults = at_pointer(manifest, base + "/defaults");
      if (schema == nullptr) continue;
      bool usable = true;
      for (const SchemaViolation& one : check_config_schema(*schema)) {
        fail(base + "/config_schema" + one.pointer, one.what, one.expected, one.fix, one.at_key);
        usable = false;
      }
      if (defaults == nullptr || !usable) continue;
      // Defaults may leave out what the user has to give, but what they say must be right.
      json::value partial = *schema;
      if (partial.is_object()) partial.get_object().erase("required");
      for (const SchemaViolation& one : check_schema(partial, *defaults)) {
        fail(base + "/defaults" + one.pointer,
             "a default breaks the plugin's own config_schema: " + one.what, one.expected, one.fix,
             one.at_key);
      }
    }
  }

  void check_trust(const json::value&) {
    const PluginInfo& info = reading_.info;
    if (info.trust != Trust::owner) {
      if (info.sha256.empty()) {
        fail("",
             "the plugin's integrity cannot be checked: no integrity.sha256, which plugins from " +
                 info.origin + " need",
             "the SHA-256 of the library, as \"integrity\": {\"sha256\": \"...\"}",
             "`sha256sum " + info.library_path + "` prints it");
      }
      return;
    }
    for (const std::string* file : {&info.manifest_path, &info.library_path}) {
      if (file->empty()) continue;
      Result<void> trusted = check_owner_trust(*file);
      // A missing library is already reported as such.
      if (trusted || (reading_.errors.size() > 0 && trusted.error().where.file.empty())) continue;
      reading_.errors.push_back(trusted.error());
      return;
    }
  }

  const PluginPlace& place_;
  std::string text_;
  ManifestReading reading_;
};

}  // namespace

ManifestReading read_manifest(const std::string& path, const PluginPlace& place,
                              const json::value& schema) {
  return ManifestReader(path, place).read(schema);
}

}  // namespace ordeal
