// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "registry/manifest.h"
#include "store/inspect.h"
#include "store/layout.h"
#include "store/neighbours.h"
#include "store/package.h"
#include "store/store.h"

namespace ordeal {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr double lock_seconds = 10;

Error rejected(const std::string& file, std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.fix = std::move(fix);
  return error;
}

/// One installation. Every step returns false once something speaks against it.
class Installation {
 public:
  Installation(const StoreRequest& request, const json::value& schema)
      : request_(request), place_(request.place), rules_{schema} {
    rules_.keys = read_trusted_keys(
        request.keys.empty() ? install_paths().sysconf + "/trusted.d" : request.keys,
        rules_.bad_keys);
  }

  StoreOutcome run(const std::string& path) {
    if (!take_files(path) || !check_signature() || !inspect() || !check_present() ||
        !check_others() || !check_place() || request_.dry_run)
      return std::move(outcome_);
    if (!outcome_.unchanged || !leftovers(place_).empty()) write();
    return std::move(outcome_);
  }

 private:
  bool refuse(Error error) {
    outcome_.errors.push_back(std::move(error));
    return false;
  }

  bool take_files(const std::string& path) {
    Result<PluginFiles> files = read_plugin_files(path);
    if (!files) return refuse(files.error());
    files_ = std::move(*files);
    name_ = manifest_label(files_);
    return true;
  }

  /// Before anything of the manifest is parsed.
  bool check_signature() {
    if (place_.blocked) return refuse(*place_.blocked);
    const bool needed = place_.trust == Trust::is_signed;
    if (files_.signature.empty()) {
      if (!needed) return true;
      Error error = rejected(name_, "the plugin is not signed, which plugins of this place must be",
                             "get it with its signature, or sign it: ordeal plugin sign");
      return refuse(std::move(error));
    }
    const Result<PublicKey> key =
        verify_message(files_.manifest, files_.signature, name_ + ".minisig", rules_.keys);
    if (key) {
      outcome_.notes.push_back("signed by key " + key_id_text(key->id) + " of " + key->file);
      return true;
    }
    // Nobody who trusts the key may be handed something else under it.
    if (needed || key.error().what.find("not trusted here") == std::string::npos)
      return refuse(key.error());
    outcome_.notes.push_back("its signature was not checked: " + key.error().what);
    return true;
  }

  bool inspect() {
    plugin_ = inspect_plugin(std::move(files_), name_, rules_);
    outcome_.id = plugin_.info.id;
    outcome_.version = plugin_.info.version;
    outcome_.errors = std::move(plugin_.errors);
    return outcome_.errors.empty();
  }

  /// What is in the place already: version, conflicts.
  bool check_present() {
    const std::string own = place_.manifests + "/" + plugin_.info.id + ".json";
    // Before the scan: without the lock, another installer may write it at any moment.
    const bool was_there = fs::exists(fs::symlink_status(own));
    const Registry there = Registry::scan({place_}, request_.schemas, request_.keys);
    present_ = present_in(there, plugin_.info.id);
    outcome_.unchanged = false;
    outcome_.before.clear();
    for (const PresentPlugin& one : present_) {
      if (fs::path(one.manifest).filename() != plugin_.info.id + ".json") {
        return refuse(rejected(one.manifest, "'" + plugin_.info.id + "' is there already, by hand",
                               "remove it first: ordeal plugin remove " + plugin_.info.id));
      }
      outcome_.before = one.version;
    }
    outcome_.manifest = own;
    if (present_.empty() && was_there && fs::exists(own))
      return refuse(rejected(own, "it is the manifest of another plugin", "move it away"));
    if (present_.empty() || outcome_.before.empty()) return true;
    const Result<Version> before = parse_version(outcome_.before);
    const Version now = parse_version(plugin_.info.version).value();
    if (before && now < *before && !request_.allow_downgrade) {
      Error error = rejected(own,
                             plugin_.info.id + " " + outcome_.before +
                                 " is installed, which is newer than " + plugin_.info.version,
                             "use --allow-downgrade if that is meant");
      return refuse(std::move(error));
    }
    outcome_.unchanged = same_as(present_.front());
    if (outcome_.unchanged) outcome_.library = present_.front().library;
    return true;
  }

  [[nodiscard]] bool same_as(const PresentPlugin& one) const {
    if (!one.usable || one.installed_in.empty()) return false;
    const auto holds = [&](const std::string& file, const std::string& bytes) {
      const Result<std::string> text = read_file(file, ExitCode::plugin_rejected);
      return text ? *text == bytes : bytes.empty();
    };
    const std::string manifest = one.installed_in + "/" + plugin_.info.id + ".json";
    return holds(manifest, plugin_.files.manifest) &&
           holds(manifest + ".minisig", plugin_.files.signature) &&
           holds(one.library, plugin_.library);
  }

  bool check_others() {
    const Registry all = Registry::scan(request_.places, request_.schemas, request_.keys);
    const std::string hidden = hidden_by(all, plugin_.info.id, place_);
    if (!hidden.empty()) outcome_.notes.push_back("it is hidden by " + hidden);
    if (request_.force) return true;
    std::map<std::string, Version> there;
    for (const PluginInfo& one : all.plugins())
      there.emplace(one.id, parse_version(one.version).value());
    plugin_.info.manifest_path = name_;
    if (auto unmet = unmet_requirement(plugin_.info, [&](const std::string& id) {
          const auto found = there.find(id);
          return found == there.end() ? nullptr : &found->second;
        }))
      return refuse(std::move(*unmet));
    if (hidden.empty()) outcome_.errors = left_wanting(all, plugin_.info.id, plugin_.info.version);
    return outcome_.errors.empty();
  }

  /// The folders must be such that what lies there will be trusted, and writable.
  bool check_place() {
    for (const std::string* folder : {&place_.manifests, &place_.libraries}) {
      fs::path there = *folder;
      std::error_code ignored;
      while (there.has_relative_path() && !fs::exists(there, ignored)) there = there.parent_path();
      if (Result<void> trusted = check_owner_trust(there.string()); !trusted)
        return refuse(trusted.error());
      if (::access(there.c_str(), W_OK | X_OK) == 0) continue;
      Error error = errno_error(ExitCode::preflight, "writing into " + there.string(), errno);
      error.fix = "install as a user who may, or for yourself: --user";
      return refuse(std::move(error));
    }
    return true;
  }

  bool write() {
    Result<PlaceLock> lock = PlaceLock::take(place_, lock_seconds, request_.at_step);
    if (!lock) return refuse(lock.error());
    for (const std::string& path : leftovers(place_)) {
      std::error_code ignored;
      fs::remove_all(path, ignored);
      request_.at_step("cleared " + path);
    }
    // Another installation may have ended since this was looked at.
    if (!check_present() || outcome_.unchanged) return false;
    const Result<std::string> folder =
        make_plugin_folder(place_, plugin_.info.id + "-" + plugin_.info.version);
    if (!folder) return refuse(folder.error());
    request_.at_step("plugin folder");
    if (!fill(*folder) || !check_filled(*folder)) {
      std::error_code ignored;
      fs::remove_all(*folder, ignored);
      return false;
    }
    const std::string name = plugin_.info.id + ".json";
    if (Result<void> done = switch_manifest(place_, name, *folder + "/" + name, request_.at_step);
        !done)
      return refuse(done.error());
    outcome_.manifest = place_.manifests + "/" + name;
    outcome_.library = *folder + "/" + plugin_.info.library_path;
    for (const PresentPlugin& one : present_) remove_old(one);
    return true;
  }

  bool fill(const std::string& folder) {
    const std::string manifest = folder + "/" + plugin_.info.id + ".json";
    const auto put = [&](const std::string& path, const std::string& bytes) {
      if (Result<void> done = write_new_file(path, bytes); !done) return refuse(done.error());
      request_.at_step("wrote " + path);
      return true;
    };
    if (!put(folder + "/" + plugin_.info.library_path, plugin_.library) ||
        !put(manifest, plugin_.files.manifest))
      return false;
    if (!plugin_.files.signature.empty() && !put(manifest + ".minisig", plugin_.files.signature))
      return false;
    sync_folder(folder);
    sync_folder(place_.libraries + "/" + std::string(installed_folder));
    return true;
  }

  /// The same reading that every scan will do from now on.
  bool check_filled(const std::string& folder) {
    ManifestReading reading = read_manifest(folder + "/" + plugin_.info.id + ".json",
                                            {folder, folder, place_.trust, place_.origin}, rules_);
    outcome_.errors = std::move(reading.errors);
    if (!outcome_.errors.empty()) return false;
    if (Result<void> same = check_library_hash(reading.info); !same) return refuse(same.error());
    return true;
  }

  /// After the switch nothing leads to the old files any more.
  void remove_old(const PresentPlugin& one) {
    std::error_code ignored;
    if (!one.installed_in.empty()) {
      fs::remove_all(one.installed_in, ignored);
    } else {
      fs::remove(one.manifest + ".minisig", ignored);
      if (!one.library.empty() && fs::path(one.library).filename() == plugin_.info.id + ".so")
        fs::remove(one.library, ignored);
    }
    request_.at_step("old version removed");
  }

  const StoreRequest& request_;
  PluginPlace place_;
  ManifestRules rules_;
  PluginFiles files_;  // until they are inspected
  std::string name_;   // of the manifest in messages
  InspectedPlugin plugin_;
  std::vector<PresentPlugin> present_;
  StoreOutcome outcome_;
};

}  // namespace

StoreOutcome install_plugin(const std::string& path, const StoreRequest& request) {
  const Result<json::value> schema = read_manifest_schema(request.schemas);
  if (schema) return Installation(request, *schema).run(path);
  StoreOutcome outcome;
  outcome.errors.push_back(schema.error());
  return outcome;
}

}  // namespace ordeal
