// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "registry/manifest_checks.h"
#include "registry/manifest_file.h"
#include "registry/manifest_members.h"
#include "registry/manifest_topics.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_manifest = 256 * 1024;
constexpr std::size_t most_errors = 8;

ManifestReading tidied(ManifestReading reading) {
  for (Error& error : reading.errors) {
    for (std::string* text : {&error.what, &error.where.pointer, &error.expected, &error.fix})
      make_showable(*text);
  }
  return reading;
}

/// One manifest while it is being read.
class ManifestReader {
 public:
  ManifestReader(const std::string& path, const PluginPlace* place, ManifestRules& rules)
      : place_(place), rules_(rules) {
    reading_.info.manifest_path = path;
    if (place == nullptr) return;
    reading_.info.trust = place->trust;
    reading_.info.origin = place->origin;
  }

  ManifestReading read_file_of_place() { return tidied(read_from_file()); }
  ManifestReading read_text(std::string text) { return tidied(read(std::move(text))); }

 private:
  ManifestReading read_from_file() {
    const std::string file =
        manifest_to_read(reading_.info.manifest_path, *place_, reading_.info.installed_in);
    Result<std::string> text = read_file(file, ExitCode::plugin_rejected, largest_manifest);
    if (!text) {
      reading_.errors.push_back(text.error());
      return std::move(reading_);
    }
    if (place_->trust == Trust::is_signed) {
      if (Result<void> its = check_manifest_signature(file, *text, reading_.info, rules_.keys);
          !its) {
        // Unverified bytes are not parsed, not even for the plugin's id.
        reading_.errors.push_back(its.error());
        take_id_from_name();
        return std::move(reading_);
      }
    }
    return read(std::move(*text));
  }

  ManifestReading read(std::string text) {
    text_ = std::move(text);
    Result<json::value> parsed = parse_json(text_, reading_.info.manifest_path);
    if (!parsed) {
      Error error = parsed.error();
      error.code = ExitCode::plugin_rejected;
      reading_.errors.push_back(std::move(error));
      take_id_from_name();
      return std::move(reading_);
    }
    const json::value& manifest = *parsed;
    take_identity(manifest);
    for (SchemaViolation& one : check_schema(rules_.schema, manifest, rules_.patterns)) {
      if (reading_.errors.size() >= most_errors) break;
      fail(one.pointer, one.what, one.expected, one.fix, one.at_key);
    }
    // A manifest of the wrong shape has nothing more to say that could be relied on.
    if (!reading_.errors.empty()) return std::move(reading_);
    take_details(manifest);
    const ManifestFailFn wrong = [this](const std::string& pointer, std::string what,
                                        std::string expected, std::string fix, bool at_key) {
      fail(pointer, std::move(what), std::move(expected), std::move(fix), at_key);
    };
    check_abi(reading_.info, wrong);
    check_platform(manifest, wrong);
    check_library(manifest);
    check_requirements(manifest, reading_.info, wrong);
    check_components(manifest, reading_.info, rules_.patterns, wrong);
    reading_.info.publishes = read_topics(manifest, text_, "publishes", wrong);
    reading_.info.subscribes = read_topics(manifest, text_, "subscribes", wrong);
    if (place_ != nullptr) check_trust(manifest);
    return std::move(reading_);
  }

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

  /// So that what cannot be read still hides its namesakes in later places.
  void take_id_from_name() {
    const std::string name = std::filesystem::path(reading_.info.manifest_path).stem().string();
    if (place_ == nullptr || name.find('.') == std::string::npos) return;
    reading_.info.id = name;
    reading_.id_by_name = true;
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
      const json::value* codes = at_pointer(one, "/codes");
      component.codes = codes != nullptr ? compact_json(*codes) : "{}";
      component.defaults = defaults != nullptr ? compact_json(*defaults) : "{}";
      component.wants = texts_at(one, "/wants");
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
    if (Result<Version> version = parse_version(info.version); !version)
      fail("/version", version.error().what, version.error().expected);
    take_required(manifest);
  }

  void take_required(const json::value& manifest) {
    const json::value* list = at_pointer(manifest, "/requires/plugins");
    if (list == nullptr) return;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
      const json::value& one = list->get_array()[i];
      const std::string pointer = "/requires/plugins/" + std::to_string(i);
      PluginRequirement required;
      required.id = one.is_string() ? std::string(one.get_string().c_str()) : text_at(one, "/id");
      const json::value* optional = at_pointer(one, "/optional");
      required.optional = optional != nullptr && optional->is_bool() && optional->get_bool();
      Result<VersionRange> range = VersionRange::parse(text_at(one, "/version", "*"));
      if (!range) {
        fail(pointer + "/version", range.error().what, range.error().expected);
        continue;
      }
      required.range = std::move(*range);
      const auto& known = reading_.info.required;
      if (std::any_of(known.begin(), known.end(),
                      [&](const PluginRequirement& other) { return other.id == required.id; }))
        fail(pointer, "the plugin '" + required.id + "' is required twice", "each plugin once");
      reading_.info.required.push_back(std::move(required));
    }
  }

  void check_library(const json::value& manifest) {
    const std::string library = text_at(manifest, "/library");
    // Only a plain name: the manifest must not reach out of its own folder.
    if (library.find('/') != std::string::npos || library == "." || library.find("..") == 0) {
      fail("/library", "the library '" + library + "' is not a plain file name",
           "a name without '/' or '..'");
      return;
    }
    if (place_ == nullptr) {
      reading_.info.library_path = library;
      return;
    }
    const std::string& own = reading_.info.installed_in;
    reading_.info.library_path = (own.empty() ? place_->libraries : own) + "/" + library;
    struct stat status {};
    if (stat(reading_.info.library_path.c_str(), &status) != 0) {
      Error error =
          errno_error(ExitCode::plugin_rejected, "library " + reading_.info.library_path, errno);
      fail("/library", error.what, {}, "build or install it, or correct the name");
    } else if (!S_ISREG(status.st_mode)) {
      fail("/library", reading_.info.library_path + " is not a regular file");
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
    }
    for (const std::string* file : {&info.manifest_path, &info.library_path}) {
      if (file->empty()) continue;
      Result<void> trusted = rules_.owners.check(*file);
      // A missing library is already reported as such.
      if (trusted || (reading_.errors.size() > 0 && trusted.error().where.file.empty())) continue;
      reading_.errors.push_back(trusted.error());
      return;
    }
  }

  const PluginPlace* place_;  // none: the manifest lies in no place yet
  ManifestRules& rules_;
  std::string text_;
  ManifestReading reading_;
};

}  // namespace

ManifestReading read_manifest(const std::string& path, const PluginPlace& place,
                              ManifestRules& rules) {
  return ManifestReader(path, &place, rules).read_file_of_place();
}

ManifestReading read_manifest_text(std::string text, const std::string& path,
                                   ManifestRules& rules) {
  return ManifestReader(path, nullptr, rules).read_text(std::move(text));
}

}  // namespace ordeal
