// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "registry/manifest.h"

namespace ordeal {
namespace {

constexpr std::uint64_t largest_key_file = 4096;

}  // namespace

std::vector<PublicKey> read_trusted_keys(const std::string& folder, std::vector<Error>& bad) {
  std::vector<std::string> files;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() == ".pub") files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<PublicKey> keys;
  for (const std::string& file : files) {
    Result<void> trusted = check_owner_trust(file);
    Result<std::string> text =
        trusted ? read_file(file, ExitCode::plugin_rejected, largest_key_file) : trusted.error();
    Result<PublicKey> key = text ? parse_public_key(*text, file) : text.error();
    if (key) {
      keys.push_back(std::move(*key));
    } else {
      bad.push_back(std::move(key.error()).within("trusted key"));
    }
  }
  return keys;
}

}  // namespace ordeal
