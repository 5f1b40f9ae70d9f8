// SPDX-License-Identifier: Apache-2.0
#include "store/doctor.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "registry/library_entry.h"
#include "registry/manifest.h"
#include "store/layout.h"

namespace ordeal {
namespace fs = std::filesystem;
namespace {

Error finding(const std::string& file, std::string what, std::string fix) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.fix = std::move(fix);
  return error;
}

class Examination {
 public:
  Examination(const std::vector<PluginPlace>& places, const std::string& schemas,
              const std::string& keys)
      : places_(places),
        keys_(keys.empty() ? install_paths().sysconf + "/trusted.d" : keys),
        registry_(Registry::scan(places, schemas, keys)) {}

  Diagnosis run() {
    look_at_problems();
    look_at_libraries();
    look_at_keys();
    for (const PluginPlace& place : places_) {
      look_at_owners(place);
      look_for_leftovers(place);
      look_for_orphans(place);
    }
    return std::move(diagnosis_);
  }

 private:
  void add(const char* kind, const std::string& id, Error error, const std::string& fix,
           bool harmful = true) {
    if (error.fix.empty()) error.fix = fix;
    const bool known =
        std::any_of(diagnosis_.findings.begin(), diagnosis_.findings.end(),
                    [&](const Finding& other) { return other.error.line() == error.line(); });
    if (!known) diagnosis_.findings.push_back({kind, harmful, id, std::move(error)});
  }

  void look_at_problems() {
    for (const PluginProblem& one : registry_.problems()) {
      if (one.shadowed) {
        add("hidden", one.id, one.error, "remove the one that is not wanted", false);
        continue;
      }
      const bool blocked =
          std::any_of(places_.begin(), places_.end(), [&](const PluginPlace& place) {
            return place.blocked && one.manifest_path == place.manifests;
          });
      add(blocked ? "policy" : "refused", one.id, one.error,
          blocked ? "correct the policy: until then no plugin is used"
                  : "correct the manifest, or get the plugin again from its author");
    }
  }

  void look_at_libraries() {
    for (const PluginInfo& plugin : registry_.plugins()) {
      const std::string again = "install the plugin again, or get it again from its author";
      const Result<std::string> bytes = read_file(plugin.library_path, ExitCode::plugin_rejected);
      const Result<LibraryEntry> entry =
          bytes ? read_library_entry(*bytes, plugin.library_path) : bytes.error();
      if (!entry) {
        add("corrupt", plugin.id, entry.error(), again);
      } else if (Result<void> same = check_library_hash(plugin); !same) {
        add("corrupt", plugin.id, same.error(), again);
      } else if (Result<void> fits = check_library_entry(*entry, plugin.library_path); !fits) {
        add("refused", plugin.id, fits.error(), again);
      } else {
        ++diagnosis_.usable;
      }
    }
  }

  void look_at_keys() {
    std::vector<Error> bad;
    const std::vector<PublicKey> keys = read_trusted_keys(keys_, bad);
    for (Error& one : bad) add("key", "", std::move(one), "replace the key file or remove it");
    if (!keys.empty()) return;
    for (const PluginPlace& place : places_) {
      if (place.trust != Trust::is_signed || place.blocked) continue;
      add("key", "",
          finding(keys_,
                  "plugins of " + place.manifests + " must be signed, but there is no trusted key",
                  "put the public keys of their authors there, as NAME.pub"),
          "");
    }
  }

  void look_at_owners(const PluginPlace& place) {
    for (const std::string* folder : {&place.manifests, &place.libraries}) {
      std::error_code ignored;
      if (!fs::exists(*folder, ignored)) continue;
      if (Result<void> trusted = check_owner_trust(*folder); !trusted)
        add("unsafe", "", trusted.error(), "let nobody else write there");
    }
  }

  void look_for_leftovers(const PluginPlace& place) {
    for (const std::string& path : leftovers(place)) {
      add("interrupted", "",
          finding(path, "left by an installation that was interrupted",
                  "install the plugin again; whatever is installed next clears it away"),
          "");
    }
  }

  void look_for_orphans(const PluginPlace& place) {
    if (place.blocked) return;
    std::set<fs::path> used;
    for (const PluginInfo& one : registry_.plugins()) used.insert(one.library_path);
    bool unread = false;
    for (const PluginProblem& one : registry_.problems()) {
      used.insert(one.library_path);
      unread = unread || one.library_path.empty();
    }
    std::error_code failed;
    std::set<fs::path> orphans;
    for (fs::directory_iterator entry(place.libraries, failed), end; !failed && entry != end;
         entry.increment(failed)) {
      const fs::path& path = entry->path();
      if (path.extension() != ".so" || used.contains(path)) continue;
      // A manifest that could not be read may well be this library's.
      const fs::path manifest = fs::path(place.manifests) / (path.stem().string() + ".json");
      std::error_code ignored;
      if (unread && fs::exists(manifest, ignored)) continue;
      orphans.insert(path);
    }
    for (const fs::path& path : orphans) {
      add("orphan", "",
          finding(path.string(), "no manifest of " + place.manifests + " names this library",
                  "put its manifest there, or remove the library"),
          "");
    }
  }

  const std::vector<PluginPlace>& places_;
  std::string keys_;
  Registry registry_;
  Diagnosis diagnosis_;
};

}  // namespace

bool Diagnosis::healthy() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& one) { return one.harmful; });
}

Diagnosis examine(const std::vector<PluginPlace>& places, const std::string& schemas,
                  const std::string& keys) {
  return Examination(places, schemas, keys).run();
}

}  // namespace ordeal
