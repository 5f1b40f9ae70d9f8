// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "registry/minisign.h"
#include "registry/registry.h"

namespace ordeal {

/// The file to read for the manifest `path` of `place`. A manifest that is a link into an installed
/// plugin's own folder is followed once, and `installed_in` is that folder, so that manifest,
/// signature and library are those of one installation whatever happens meanwhile.
std::string manifest_to_read(const std::string& path, const PluginPlace& place,
                             std::string& installed_in);

/// Whether `text`, read from `file`, is signed beside it by one of `keys`. `info` says where the
/// manifest comes from. Error: plugin_rejected.
Result<void> check_manifest_signature(const std::string& file, const std::string& text,
                                      const PluginInfo& info, const std::vector<PublicKey>& keys);

/// Makes words of a stranger's file fit to be shown: of bounded length and without characters that
/// could steer a terminal.
void make_showable(std::string& text);

}  // namespace ordeal
