// SPDX-License-Identifier: Apache-2.0
#include "registry/minisign.h"

#include <algorithm>
#include <optional>

#include "registry/crypto.h"

namespace ordeal {
namespace {

constexpr std::string_view untrusted = "untrusted comment: ";
constexpr std::string_view trusted = "trusted comment: ";
constexpr std::string_view key_algorithm = "Ed";
constexpr std::string_view prehashed = "ED";
constexpr std::string_view checksum_algorithm = "B2";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t hash_bytes = 64;
constexpr std::size_t checksum_bytes = 32;
constexpr std::size_t derivation_bytes = 32 + 8 + 8;  // salt, two limits
constexpr std::size_t public_bytes = 2 + id_bytes + ed25519_public_bytes;
constexpr std::size_t secret_bytes =
    2 + 2 + 2 + derivation_bytes + id_bytes + ed25519_secret_bytes + checksum_bytes;
constexpr std::size_t signature_bytes = 2 + id_bytes + ed25519_signature_bytes;
constexpr std::size_t longest_comment = 1024;

Error bad(const std::string& file, std::string what, std::string expected = {},
          std::string fix = {}) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

/// Exactly `count` lines, the last with or without its end; \r before an end is dropped.
std::optional<std::vector<std::string_view>> lines_of(std::string_view text, std::size_t count) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (lines.size() == count || line.size() > longest_comment) return {};
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines.size() != count) return {};
  return lines;
}

/// The bytes on the second line of a key file.
std::optional<std::string> key_bytes(std::string_view text, std::size_t size) {
  const auto lines = lines_of(text, 2);
  if (!lines || !lines->front().starts_with(untrusted)) return {};
  auto bytes = from_base64(lines->back());
  if (!bytes || bytes->size() != size || !bytes->starts_with(key_algorithm)) return {};
  return bytes;
}

std::string checksum(std::string_view id, std::string_view secret) {
  std::string bytes(key_algorithm);
  bytes.append(id).append(secret);
  std::string sum = blake2b(bytes, checksum_bytes);
  wipe(bytes);
  return sum;
}

}  // namespace

SecretKey::~SecretKey() { wipe(bytes); }

std::string key_id_text(std::string_view id) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = id.size(); i-- > 0;) {
    text += digits[static_cast<unsigned char>(id[i]) >> 4];
    text += digits[static_cast<unsigned char>(id[i]) & 15];
  }
  return text;
}

Result<PublicKey> parse_public_key(std::string_view text, const std::string& file) {
  const auto bytes = key_bytes(text, public_bytes);
  if (!bytes) {
    return bad(file, "not a public key of minisign",
               "a line 'untrusted comment: ...' and a line of base64");
  }
  return PublicKey{bytes->substr(2, id_bytes), bytes->substr(2 + id_bytes), file};
}

Result<SecretKey> parse_secret_key(std::string_view text, const std::string& file) {
  auto bytes = key_bytes(text, secret_bytes);
  if (!bytes || std::string_view(*bytes).substr(4, 2) != checksum_algorithm) {
    return bad(file, "not a secret key of minisign",
               "a line 'untrusted comment: ...' and a line of base64");
  }
  if (std::string_view(*bytes).substr(2, 2) != std::string_view("\0\0", 2)) {
    wipe(*bytes);
    return bad(file, "the secret key is protected by a password", "a key without one",
               "sign the manifest with `minisign -S`, or make a key with `ordeal plugin keygen`");
  }
  SecretKey key;
  const std::size_t start = 6 + derivation_bytes;
  key.id = bytes->substr(start, id_bytes);
  key.bytes = bytes->substr(start + id_bytes, ed25519_secret_bytes);
  const std::string sum = bytes->substr(secret_bytes - checksum_bytes);
  wipe(*bytes);
  // minisign writes no checksum into keys without a password; the two halves must still fit.
  const bool sound = sum == std::string(checksum_bytes, '\0') || sum == checksum(key.id, key.bytes);
  if (!sound || !ed25519_verify(ed25519_sign("", key.bytes), "",
                                std::string_view(key.bytes).substr(ed25519_public_bytes)))
    return bad(file, "the secret key is damaged");
  return key;
}

KeyFiles make_key_files() {
  Ed25519Pair pair = make_ed25519_pair();
  const std::string id = random_bytes(id_bytes);
  std::string open(key_algorithm);
  open.append(id).append(pair.public_key);
  std::string secret(key_algorithm);
  secret.append(2, '\0').append(checksum_algorithm).append(derivation_bytes, '\0');
  secret.append(id).append(pair.secret_key).append(checksum(id, pair.secret_key));
  const std::string name = key_id_text(id);
  KeyFiles files{
      std::string(untrusted) + "minisign public key " + name + "\n" + to_base64(open) + "\n",
      std::string(untrusted) + "ordeal secret key " + name + "\n" + to_base64(secret) + "\n", name};
  wipe(pair.secret_key);
  wipe(secret);
  return files;
}

std::string sign_message(std::string_view message, const SecretKey& key,
                         const std::string& trusted_comment) {
  const std::string signature = ed25519_sign(blake2b(message, hash_bytes), key.bytes);
  std::string named(prehashed);
  named.append(key.id).append(signature);
  return std::string(untrusted) + "signature from secret key " + key_id_text(key.id) + "\n" +
         to_base64(named) + "\n" + std::string(trusted) + trusted_comment + "\n" +
         to_base64(ed25519_sign(signature + trusted_comment, key.bytes)) + "\n";
}

Result<PublicKey> verify_message(std::string_view message, std::string_view text,
                                 const std::string& file, const std::vector<PublicKey>& keys) {
  const auto lines = lines_of(text, 4);
  const auto named = lines ? from_base64((*lines)[1]) : std::nullopt;
  const auto global = lines ? from_base64((*lines)[3]) : std::nullopt;
  if (!named || !global || named->size() != signature_bytes ||
      global->size() != ed25519_signature_bytes || !(*lines)[0].starts_with(untrusted) ||
      !(*lines)[2].starts_with(trusted))
    return bad(file, "not a signature of minisign", "its four lines");
  if (named->starts_with(key_algorithm)) {
    return bad(file, "the signature is of the old kind, not prehashed", {},
               "sign again with `ordeal plugin sign` or a newer minisign");
  }
  if (!named->starts_with(prehashed)) return bad(file, "the signature is of an unknown kind");
  const std::string id = named->substr(2, id_bytes);
  const std::string signature = named->substr(2 + id_bytes);
  const std::string signed_comment = signature + std::string((*lines)[2].substr(trusted.size()));
  bool known = false;
  const std::string hash = blake2b(message, hash_bytes);
  // Ids are chosen freely, so two keys may share one.
  for (const PublicKey& key : keys) {
    if (key.id != id) continue;
    known = true;
    if (!ed25519_verify(signature, hash, key.bytes)) continue;
    if (!ed25519_verify(*global, signed_comment, key.bytes))
      return bad(file, "the trusted comment is not what key " + key_id_text(id) + " signed", {},
                 "get the signature again from its author");
    return key;
  }
  if (known) {
    return bad(
        file,
        "the signature does not fit: the manifest is not what key " + key_id_text(id) + " signed",
        {}, "get the plugin again from its author");
  }
  return bad(file, "it is signed by key " + key_id_text(id) + ", which is not trusted here", {},
             "put the author's public key into the folder of trusted keys; of one that is there, "
             "`ordeal plugin doctor` says why it is not used");
}

}  // namespace ordeal
