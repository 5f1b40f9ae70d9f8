// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/schema_patterns.h"
#include "registry/minisign.h"
#include "registry/registry.h"

namespace ordeal {

/// What one manifest file says, and everything that is wrong with it.
struct ManifestReading {
  PluginInfo info;
  std::vector<Error> errors;  // empty: usable
  bool id_by_name = false;    // nothing could be read: info.id is what the file's name says
};

/// plugin-manifest.json of the folder `schemas`, or the installed one when that is "". Error:
/// internal.
Result<boost::json::value> read_manifest_schema(const std::string& schemas);

/// What the reading of many manifests shares. Borrows the schema. One thread.
struct ManifestRules {
  const boost::json::value& schema;
  std::vector<PublicKey> keys = {};
  std::vector<Error> bad_keys = {};  // key files that cannot be used
  SchemaPatterns patterns = {};
  OwnerTrust owners = {};
};

/// Reads the manifest file `path` of `place` and checks all that can be checked without opening the
/// library: signature (before anything is parsed), JSON, schema, ABI, platform, library file,
/// requirements, who may write. All failures are collected. Errors: plugin_rejected with file,
/// line, column and pointer.
ManifestReading read_manifest(const std::string& path, const PluginPlace& place,
                              ManifestRules& rules);

/// The same for a manifest that lies in no place yet: neither library nor signature nor owners are
/// looked at, and library_path is the bare name. `path` names it in errors.
ManifestReading read_manifest_text(std::string text, const std::string& path, ManifestRules& rules);

/// The public keys (*.pub) of a folder, in order of their names; none when there is no such folder.
/// What cannot be used, or others may write, goes to `bad`.
std::vector<PublicKey> read_trusted_keys(const std::string& folder, std::vector<Error>& bad);

}  // namespace ordeal
