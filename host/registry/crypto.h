// SPDX-License-Identifier: Apache-2.0
// What is used of libsodium, whose header only crypto.cpp includes. Any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

/// Lower-case hexadecimal.
std::string sha256_hex(std::string_view bytes);

/// `size` bytes of BLAKE2b without a key; size 16 to 64.
std::string blake2b(std::string_view bytes, std::size_t size);

/// Standard base64 with padding; strict: no blanks, no line ends.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

constexpr std::size_t ed25519_public_bytes = 32;
constexpr std::size_t ed25519_secret_bytes = 64;  // seed and public key
constexpr std::size_t ed25519_signature_bytes = 64;

struct Ed25519Pair {
  std::string public_key;
  std::string secret_key;
};
Ed25519Pair make_ed25519_pair();
std::string ed25519_sign(std::string_view message, std::string_view secret_key);
bool ed25519_verify(std::string_view signature, std::string_view message,
                    std::string_view public_key);

std::string random_bytes(std::size_t size);

/// Overwrites a secret before its memory is given back.
void wipe(std::string& secret);

}  // namespace ordeal
