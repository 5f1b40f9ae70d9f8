// SPDX-License-Identifier: Apache-2.0
#include "store/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "base/unique_fd.h"
#include "registry/crypto.h"
#include "registry/minisign.h"
#include "store/archive.h"
#include "store/inspect.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_key_file = 4096;
constexpr std::uint64_t largest_manifest = 256 * 1024;
constexpr std::uint64_t largest_package = 256u * 1024 * 1024;

Error rejected(const std::string& file, std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.fix = std::move(fix);
  return error;
}

Result<SecretKey> read_key(const std::string& file) {
  Result<std::string> text = read_file(file, ExitCode::plugin_rejected, largest_key_file);
  if (!text) return text.error();
  Result<SecretKey> key = parse_secret_key(*text, file);
  wipe(*text);
  return key;
}

std::string text_at(const json::value& manifest, const char* pointer) {
  const json::value* found = at_pointer(manifest, pointer);
  return found != nullptr && found->is_string() ? found->get_string().c_str() : "";
}

/// The signature of a manifest; the comment that is signed with it says what it is of. With
/// `others`, the files of its package, the library in `folder` of it is compared.
Result<std::string> signature_of(const std::string& text, const std::string& name,
                                 const SecretKey& key, const ArchiveFiles* others,
                                 const std::string& folder) {
  Result<json::value> manifest = parse_json(text, name);
  if (!manifest) {
    manifest.error().code = ExitCode::plugin_rejected;
    return manifest.error();
  }
  const std::string hash = text_at(*manifest, "/integrity/sha256");
  if (hash.empty()) {
    return rejected(name, "the manifest does not hold the library's hash, so nothing would bind it",
                    "pack the plugin with `ordeal plugin pack`, then sign the package");
  }
  if (others != nullptr) {
    const auto library = others->find(folder + text_at(*manifest, "/library"));
    if (library == others->end() || sha256_hex(library->second) != hash)
      return rejected(name, "the library is not the one of its manifest", "pack the plugin again");
  }
  return sign_message(text, key, text_at(*manifest, "/id") + " " + text_at(*manifest, "/version"));
}

Result<std::string> sign_package(const std::string& path, const SecretKey& key) {
  const Result<std::string> bytes = read_file(path, ExitCode::plugin_rejected, largest_package);
  if (!bytes) return bytes.error();
  Result<ArchiveFiles> files = read_archive(*bytes, path);
  if (!files) return files.error();
  ArchiveFiles signatures;
  for (const auto& [name, content] : *files) {
    if (!name.ends_with(".json")) continue;
    const std::string folder = name.substr(0, name.rfind('/') + 1);
    Result<std::string> signature = signature_of(content, path + "/" + name, key, &*files, folder);
    if (!signature) return signature.error();
    signatures.emplace(name + ".minisig", std::move(*signature));
  }
  if (signatures.empty()) return rejected(path, "the package has no manifest");
  for (auto& [name, content] : signatures) (*files)[name] = std::move(content);
  const Result<std::string> packed = write_archive(*files);
  if (!packed) return packed.error();
  if (Result<void> done = write_file(path, *packed); !done) return done.error();
  return path;
}

Result<void> write_key(const std::string& path, const std::string& text, mode_t mode) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) {
    Error error = errno_error(ExitCode::preflight, "making " + path, errno);
    if (errno == EEXIST) error.fix = "choose another name";
    return error;
  }
  if (::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd.get()) == 0)
    return {};
  const int error = errno;
  ::unlink(path.c_str());
  return errno_error(ExitCode::preflight, "writing " + path, error);
}

}  // namespace

std::string pack_into(const std::string& path, const std::string& folder,
                      const std::string& schemas, std::vector<Error>& errors) {
  const auto failed = [&errors](Error error) {
    errors.push_back(std::move(error));
    return std::string();
  };
  const Result<json::value> schema = read_manifest_schema(schemas);
  if (!schema) return failed(schema.error());
  ManifestRules rules{*schema};
  Result<PluginFiles> files = read_plugin_files(path);
  if (!files) return failed(files.error());
  const std::string name = manifest_label(*files);
  InspectedPlugin plugin = inspect_plugin(std::move(*files), name, rules);
  errors = std::move(plugin.errors);
  if (!errors.empty()) return {};
  const Result<std::string> bytes =
      pack_plugin(plugin.info.id, plugin.files.manifest, plugin.files.signature,
                  plugin.info.library_path, plugin.library);
  if (!bytes) return failed(bytes.error());
  const std::string out =
      (std::filesystem::path(folder) / (plugin.info.id + "-" + plugin.info.version + ".ordeal"))
          .string();
  if (Result<void> done = write_file(out, *bytes); !done) return failed(done.error());
  return out;
}

Result<std::string> sign_plugin(const std::string& path, const std::string& key_file) {
  const Result<SecretKey> key = read_key(key_file);
  if (!key) return key.error();
  if (!path.ends_with(".json")) return sign_package(path, *key);
  const Result<std::string> text = read_file(path, ExitCode::plugin_rejected, largest_manifest);
  if (!text) return text.error();
  const Result<std::string> signature = signature_of(*text, path, *key, nullptr, "");
  if (!signature) return signature.error();
  const std::string out = path + ".minisig";
  if (Result<void> done = write_file(out, *signature); !done) return done.error();
  return out;
}

Result<std::string> make_key_pair(const std::string& name) {
  KeyFiles files = make_key_files();
  constexpr mode_t owner_only = 0600;
  constexpr mode_t for_all = 0644;
  Result<void> done = write_key(name + ".key", files.secret_text, owner_only);
  wipe(files.secret_text);
  if (!done) return done.error();
  done = write_key(name + ".pub", files.public_text, for_all);
  if (done) return files.id;
  ::unlink((name + ".key").c_str());
  return done.error();
}

}  // namespace ordeal
