// SPDX-License-Identifier: Apache-2.0
#include "campaign/report_files.h"

#include <algorithm>

#include "base/files.h"
#include "base/plain_text.h"

namespace ordeal {

namespace {

constexpr std::size_t longest_name = 200;
constexpr std::uint64_t stage_max = 256u * 1024 * 1024;

/// The cell checked the name; it is checked again on this side of the boundary.
bool plain_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name || name.front() == '.' || name.front() == '-')
    return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

std::string ReportFiles::put(const PluginInfo& plugin, const std::string& name,
                             std::string_view bytes, const PluginInfo*& robbed) {
  robbed = nullptr;
  if (!plain_name(name)) return "'" + plain_text(name, longest_name) + "' is not a plain file name";
  const auto owner = owners_.find(name);
  const bool taken = owner != owners_.end() && owner->second->id != plugin.id;
  if (taken && (!plugin.shipped || owner->second->shipped))
    return "'" + name + "' is a file of " + owner->second->id;
  std::uint64_t& written = bytes_[plugin.id];
  if (bytes.size() > stage_max - std::min(written, stage_max))
    return "its files of one stage are larger than " + std::to_string(stage_max >> 20) + " MiB";
  written += bytes.size();
  if (auto done = write_file(folder_ + "/" + name, bytes); !done) return done.error().line();
  if (taken) robbed = owner->second;
  owners_[name] = &plugin;
  return "";
}

}  // namespace ordeal
