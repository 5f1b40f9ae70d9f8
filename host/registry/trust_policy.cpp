// SPDX-License-Identifier: Apache-2.0
#include "registry/trust_policy.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_policy = 64 * 1024;
// The keys of the file and the origins of places they speak of.
constexpr std::pair<const char*, const char*> origins[] = {{"system", "system"},
                                                           {"user", "user"},
                                                           {"plugin_dir", "--plugin-dir"},
                                                           {"plugin_path", "ORDEAL_PLUGIN_PATH"}};

/// The schema has checked the word.
Trust trust_of(const json::value& word) {
  if (word == "signed") return Trust::is_signed;
  return word == "hash" ? Trust::hash : Trust::owner;
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

/// As the paths of places are: without links, and one '/' between two names. A folder that was
/// asked for in other words must not go without its trust.
std::string resolved(const std::string& folder) {
  std::error_code failed;
  std::filesystem::path real = std::filesystem::weakly_canonical(folder, failed);
  if (failed) real = std::filesystem::path(folder).lexically_normal();
  if (!real.has_filename() && real.has_relative_path()) real = real.parent_path();
  return real.string();
}

/// Whoever may take files out of the folder may take the policy out.
Result<void> check_absence(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return {};
  return check_owner_trust(folder);
}

}  // namespace

Result<TrustPolicy> TrustPolicy::read(const std::string& file, const std::string& schema_file) {
  TrustPolicy policy;
  struct stat status {};
  // Only a file that is certainly not there is none: whoever cannot look must not go on.
  if (lstat(file.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    if (Result<void> sure = check_absence(file); !sure) return sure.error();
    return policy;
  }
  if (Result<void> trusted = check_owner_trust(file); !trusted) return trusted.error();
  const Result<std::string> text = read_file(file, ExitCode::plugin_rejected, largest_policy);
  if (!text) return text.error();
  const Result<std::string> schema_text = read_file(schema_file, ExitCode::plugin_rejected);
  if (!schema_text) return schema_text.error();
  const Result<json::value> schema = parse_json(*schema_text, schema_file);
  if (!schema) return schema.error();
  Result<json::value> parsed = parse_json(*text, file);
  if (!parsed) {
    parsed.error().code = ExitCode::plugin_rejected;
    return parsed.error();
  }
  if (Result<void> sound = require_schema(*schema, *parsed, *text, file, ExitCode::plugin_rejected);
      !sound)
    return sound.error();
  const json::object& root = parsed->get_object();
  for (const auto& [key, origin] : origins) {
    if (const json::value* word = root.if_contains(key))
      policy.by_origin_[origin] = trust_of(*word);
  }
  if (const json::value* folders = root.if_contains("folders")) {
    for (const auto& folder : folders->get_object())
      policy.folders_.emplace_back(resolved(std::string(folder.key())), trust_of(folder.value()));
  }
  return policy;
}

Trust TrustPolicy::of(const PluginPlace& place) const {
  Trust trust = place.trust;
  if (const auto found = by_origin_.find(place.origin); found != by_origin_.end())
    trust = std::max(trust, found->second);
  for (const auto& [folder, asked] : folders_) {
    if (lies_in(place.manifests, folder) || lies_in(place.libraries, folder))
      trust = std::max(trust, asked);
  }
  return trust;
}

}  // namespace ordeal
