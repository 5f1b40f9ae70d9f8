// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ordeal/abi/entry.h>

#include "base/files.h"
#include "places.h"
#include "registry/crypto.h"
#include "registry/temporary_plugins.h"
#include "store/package.h"
#include "store/store.h"

namespace ordeal {

/// A place to install into, and plugins to install, with the library of a shipped one.
struct StoreFixture : TemporaryFolder {
  StoreFixture() {
    request.place = {path() + "/data/manifests", path() + "/data/plugins", Trust::hash, "user"};
    request.places = {request.place};
    request.schemas = ORDEAL_SOURCE_DIR "/manifests/schemas";
    request.keys = path() + "/keys";
    library =
        read_file(ORDEAL_BUILT_PLUGINS "/org.ordeal.threshold.so", ExitCode::internal).value();
  }

  [[nodiscard]] std::string text(const std::string& id, const std::string& version,
                                 const std::string& more = "") const {
    std::string manifest = manifest_text(id, "rule", "r", more, "", abi());
    return manifest.replace(manifest.find("1.0.0"), 5, version);
  }
  [[nodiscard]] static std::string abi() {
    return "{\"major\": " + std::to_string(ORDEAL_ABI_MAJOR) +
           ", \"min_minor\": " + std::to_string(ORDEAL_ABI_MINOR) + "}";
  }
  [[nodiscard]] std::string with_hash(const std::string& more = "") const {
    return more + ", \"integrity\": {\"sha256\": \"" + sha256_hex(library) + "\"}";
  }

  /// A folder with a manifest and a library; its path.
  [[nodiscard]] std::string folder(const std::string& id, const std::string& version,
                                   const std::string& more = "") const {
    const std::string name = "source/" + id + "-" + version;
    write(name + "/" + id + ".json", text(id, version, more));
    write(name + "/" + id + ".so", library);
    return path() + "/" + name;
  }
  /// A package with hash; its path.
  [[nodiscard]] std::string package(const std::string& id, const std::string& version,
                                    const std::string& signature = "",
                                    const std::string& more = "") const {
    const std::string manifest = text(id, version, with_hash(more));
    return write("source/" + id + "-" + version + ".ordeal",
                 *pack_plugin(id, manifest, signature, id + ".so", library));
  }

  [[nodiscard]] StoreOutcome install(const std::string& source) const {
    return install_plugin(source, request);
  }
  [[nodiscard]] Registry scan() const {
    return Registry::scan(request.places, request.schemas, request.keys);
  }
  /// "id version" of all that is usable; problems are marked.
  [[nodiscard]] std::string usable() const {
    const Registry registry = scan();
    std::string all;
    for (const PluginInfo& one : registry.plugins()) {
      all += (all.empty() ? "" : ", ") + one.id + " " + one.version;
      if (Result<void> same = check_library_hash(one); !same) all += " " + same.error().what;
    }
    for (const PluginProblem& one : registry.problems()) all += " PROBLEM " + one.error.line();
    return all;
  }
  static std::string first_error(const StoreOutcome& outcome) {
    return outcome.errors.empty() ? "" : outcome.errors.front().line();
  }

  StoreRequest request;
  std::string library;
};

}  // namespace ordeal
