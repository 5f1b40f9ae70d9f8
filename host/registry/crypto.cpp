// SPDX-License-Identifier: Apache-2.0
#include "registry/crypto.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

namespace ordeal {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* room_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Safe to call any number of times from any thread. It fails only without a source of randomness.
void start() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), bytes_of(bytes), bytes.size());
  std::string hex(digest.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

std::string blake2b(std::string_view bytes, std::size_t size) {
  start();
  std::string digest(size, '\0');
  crypto_generichash(room_of(digest), size, bytes_of(bytes), bytes.size(), nullptr, 0);
  return digest;
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  // libsodium 1.0.18 takes some bytes beyond ASCII for letters.
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return {};
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(room_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size,
                        &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return {};
  bytes.resize(size);
  return bytes;
}

Ed25519Pair make_ed25519_pair() {
  start();
  Ed25519Pair pair{std::string(ed25519_public_bytes, '\0'),
                   std::string(ed25519_secret_bytes, '\0')};
  crypto_sign_keypair(room_of(pair.public_key), room_of(pair.secret_key));
  return pair;
}

std::string ed25519_sign(std::string_view message, std::string_view secret_key) {
  start();
  std::string signature(ed25519_signature_bytes, '\0');
  crypto_sign_detached(room_of(signature), nullptr, bytes_of(message), message.size(),
                       bytes_of(secret_key));
  return signature;
}

bool ed25519_verify(std::string_view signature, std::string_view message,
                    std::string_view public_key) {
  start();
  return signature.size() == ed25519_signature_bytes && public_key.size() == ed25519_public_bytes &&
         crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(),
                                     bytes_of(public_key)) == 0;
}

std::string random_bytes(std::size_t size) {
  start();
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

void wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace ordeal
