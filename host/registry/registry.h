// SPDX-License-Identifier: Apache-2.0
// Finds plugins by their manifests. Nothing here opens a library for execution.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/topics.h"
#include "registry/version.h"

namespace ordeal {

/// Each asks for what the one before it does, and more.
enum class Trust : std::uint32_t { owner, hash, is_signed };

/// A folder pair searched for plugins.
struct PluginPlace {
  std::string manifests;  // *.json
  std::string libraries;
  Trust trust = Trust::owner;
  std::string origin;                 // "--plugin-dir", "ORDEAL_PLUGIN_PATH", "user", "system"
  std::optional<Error> blocked = {};  // why nothing of it may be used: the policy cannot be read
};

/// Installed plugins lie in folders of their own below this one of a place's `libraries`, and the
/// manifests of the place are links to theirs.
constexpr std::string_view installed_folder = "installed";

struct PluginRequirement {
  std::string id;
  VersionRange range;
  bool optional = false;  // it need not be there, but if it is, in the right version
};

struct ComponentInfo {
  std::string id;    // "http"
  std::string kind;  // "scenario", "collector", "rule", "report"
  std::string title;
  std::string config_schema;            // JSON text, "{}" when absent
  std::string defaults;                 // JSON text, "{}" when absent
  std::string codes = "{}";             // JSON text: what the codes of a scenario's operations mean
  std::vector<std::string> wants = {};  // parts of a document made for those who ask: "histograms"
};

struct PluginInfo {
  std::string id;
  std::string version;
  std::string name;
  std::string description;
  std::string license;
  std::string homepage;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_min_minor = 0;
  std::string manifest_path;
  std::string library_path;  // absolute
  Trust trust = Trust::owner;
  std::string origin;
  std::string sha256;                          // of the manifest's integrity, lower-case hex, or ""
  bool shipped = false;                        // from ordeal's own installation prefix
  std::vector<std::string> isolation_allowed;  // "own", "shared"
  std::string isolation_default = "own";
  std::vector<std::string> privileges;
  std::vector<TopicUse> publishes;
  std::vector<TopicUse> subscribes;
  std::vector<PluginRequirement> required;
  std::string installed_in;  // its own folder when `ordeal plugin install` put it there, else ""
  std::vector<ComponentInfo> components;
};

/// "own" or "shared": what the campaign asked for ("": nothing), else what the manifest says of a
/// plugin that ordeal ships, else "own": code from elsewhere has a process to itself.
std::string effective_isolation(const PluginInfo& plugin, const std::string& asked);

/// A plugin that cannot be used, or a manifest hidden by an earlier one with the same id.
struct PluginProblem {
  std::string manifest_path;
  std::string id;  // "" when unreadable
  Error error;
  bool shadowed = false;                // merely hidden: not an error
  std::vector<std::string> components;  // "scenario http", as far as the manifest could be read
  std::string version = {};             // likewise, as are these
  std::string library_path = {};
  std::string installed_in = {};
};

class Registry {
 public:
  /// The places in search order: `plugin_dirs` (--plugin-dir), $ORDEAL_PLUGIN_PATH, user,
  /// /usr/local, the installation prefix, /usr. Missing folders are left out. A --plugin-dir or
  /// path entry D means manifests and libraries both in D, or in D/manifests and D/plugins when
  /// those exist.
  static std::vector<PluginPlace> default_places(const std::vector<std::string>& plugin_dirs);

  /// The user's own place, and that below a prefix such as /usr/local, under the machine's policy;
  /// they need not exist. Error: preflight for a user without a home.
  static Result<PluginPlace> user_place();
  static PluginPlace system_place(const std::string& prefix);

  /// Reads every manifest of every place once. Never fails as a whole: see problems(). A refused
  /// manifest still hides the ones with its id in later places: nobody who puts a new version first
  /// wants the old one to run in its stead. `schemas`: the folder of plugin-manifest.json, `keys`:
  /// the folder of trusted keys; empty: the installed ones.
  static Registry scan(const std::vector<PluginPlace>& places, const std::string& schemas = {},
                       const std::string& keys = {});

  [[nodiscard]] const std::vector<PluginInfo>& plugins() const { return plugins_; }
  [[nodiscard]] const std::vector<PluginProblem>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<PluginPlace>& places() const { return places_; }

  struct Found {
    const PluginInfo* plugin = nullptr;
    const ComponentInfo* component = nullptr;
  };
  /// By component id ("http"; of several plugins the first in search order, but two in one place
  /// are ambiguous) or "plugin-id/component". Error: plugin_rejected naming what exists, the
  /// nearest spelling, where was searched, and the reason if a manifest of that id was refused.
  [[nodiscard]] Result<Found> find(std::string_view kind, std::string_view name) const;

 private:
  std::vector<PluginInfo> plugins_;
  std::vector<PluginProblem> problems_;
  std::vector<PluginPlace> places_;
};

/// The first requirement of `plugin` that `present`, which gives the version of a usable plugin or
/// nullptr, does not meet. Error: plugin_rejected.
std::optional<Error> unmet_requirement(
    const PluginInfo& plugin, const std::function<const Version*(const std::string&)>& present);

/// Whether the library is what the manifest says, where the manifest has its hash. Reads the whole
/// file. Error: plugin_rejected naming both hashes.
Result<void> check_library_hash(const PluginInfo& plugin);

/// Trust `owner`: the real path of `file` and every folder above it belong to root or to us and
/// nobody else may write there. Error: plugin_rejected naming the part and the fix.
Result<void> check_owner_trust(const std::string& file);

/// The same for many files: every folder is judged once. One thread.
class OwnerTrust {
 public:
  Result<void> check(const std::string& file);

 private:
  struct Folder {
    std::string real;
    std::optional<Error> wrong;
  };
  std::map<std::string, Folder> folders_;
};

}  // namespace ordeal
