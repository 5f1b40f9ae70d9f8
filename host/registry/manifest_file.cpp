// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest_file.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/files.h"

namespace ordeal {
namespace {

constexpr std::uint64_t largest_signature = 8 * 1024;

}  // namespace

std::string manifest_to_read(const std::string& path, const PluginPlace& place,
                             std::string& installed_in) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
  std::error_code failed;
  const std::filesystem::path real = std::filesystem::canonical(path, failed);
  if (failed) return path;
  const std::filesystem::path folder = real.parent_path();
  if (folder.parent_path() != std::filesystem::path(place.libraries) / installed_folder)
    return path;
  installed_in = folder.string();
  return real.string();
}

Result<void> check_manifest_signature(const std::string& file, const std::string& text,
                                      const PluginInfo& info, const std::vector<PublicKey>& keys) {
  const std::string name = file + ".minisig";
  const Result<std::string> signature =
      read_file(name, ExitCode::plugin_rejected, largest_signature);
  if (!signature) {
    Error error = signature.error();
    error.where.file = info.manifest_path;
    error.what = "its signature cannot be read: " + error.what;
    error.expected = "a signature by a trusted key, which plugins from " + info.origin + " need";
    error.fix = "get the plugin with its signature, or sign it: ordeal plugin sign";
    return error;
  }
  const Result<PublicKey> key = verify_message(text, *signature, name, keys);
  if (!key) return key.error();
  return {};
}

void make_showable(std::string& text) {
  constexpr std::size_t longest = 500;
  if (text.size() > longest) {
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text = text.substr(0, end) + "...";
  }
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
}

}  // namespace ordeal
