// SPDX-License-Identifier: Apache-2.0
// Keys and signatures in the format of minisign: what `minisign -S` writes is accepted, and what
// is written here `minisign -V` accepts. Only prehashed signatures ("ED"). Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ordeal {

struct PublicKey {
  std::string id;     // 8 bytes
  std::string bytes;  // Ed25519
  std::string file;   // where it was read from
};

struct SecretKey {
  SecretKey() = default;
  SecretKey(SecretKey&&) = default;
  SecretKey& operator=(SecretKey&&) = default;
  ~SecretKey();

  std::string id;
  std::string bytes;
};

/// As minisign shows it: 16 hexadecimal digits.
std::string key_id_text(std::string_view id);

/// Texts of key files, two lines each. Errors: plugin_rejected, naming `file`. A secret key under
/// a password is refused: `minisign` itself can sign with it.
Result<PublicKey> parse_public_key(std::string_view text, const std::string& file);
Result<SecretKey> parse_secret_key(std::string_view text, const std::string& file);

/// A new pair of key files.
struct KeyFiles {
  std::string public_text;
  std::string secret_text;
  std::string id;
};
KeyFiles make_key_files();

/// The text of a signature file. `trusted_comment`: one line, signed with the message.
std::string sign_message(std::string_view message, const SecretKey& key,
                         const std::string& trusted_comment);

/// Checks the signature file `text`, named `file` in errors, over `message` against the key it
/// names. Returns that key. Errors: plugin_rejected: malformed, no such key, signature or comment
/// not by that key.
Result<PublicKey> verify_message(std::string_view message, std::string_view text,
                                 const std::string& file, const std::vector<PublicKey>& keys);

}  // namespace ordeal
