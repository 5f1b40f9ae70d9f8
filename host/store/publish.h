// SPDX-License-Identifier: Apache-2.0
// What a plugin's author does before others can install it. Nothing here loads a library.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// Packs the plugin at `path` (see read_plugin_files) into `<folder>/<id>-<version>.ordeal`, with
/// the library's hash in its manifest, and returns that path. `errors` gets all that speaks against
/// it. `schemas`: "" for the installed ones.
std::string pack_into(const std::string& path, const std::string& folder,
                      const std::string& schemas, std::vector<Error>& errors);

/// Signs a manifest (*.json), beside which the signature is put, or every manifest of a package,
/// which is written again with the signatures. The manifests must hold the hashes of their
/// libraries. Returns the file written. Errors: plugin_rejected, internal.
Result<std::string> sign_plugin(const std::string& path, const std::string& key_file);

/// Makes `<name>.key`, for its owner's eyes only, and `<name>.pub`; neither may be there already.
/// Returns the key's id. Error: preflight.
Result<std::string> make_key_pair(const std::string& name);

}  // namespace ordeal
