// SPDX-License-Identifier: Apache-2.0
#include "registry/minisign.h"

#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <random>

#include "base/files.h"
#include "registry/crypto.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;

namespace {

struct Keys : TemporaryFolder {
  Keys() {
    secret = parse_secret_key(files.secret_text, "key");
    BOOST_REQUIRE(secret);
    open = {parse_public_key(files.public_text, "key.pub").value()};
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    const auto text = read_file(path() + "/" + name, ExitCode::internal);
    return text ? *text : text.error().line();
  }
  /// Runs Debian's minisign; its output goes to a file.
  [[nodiscard]] int minisign(const std::string& arguments) const {
    const std::string command =
        "cd " + path() + " && minisign " + arguments + " >said 2>&1 </dev/null";
    return WEXITSTATUS(std::system(command.c_str()));
  }

  KeyFiles files = make_key_files();
  Result<SecretKey> secret = Error{};
  std::vector<PublicKey> open;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(minisign, Keys)

BOOST_AUTO_TEST_CASE(hashes_are_the_published_ones) {
  BOOST_TEST(sha256_hex("abc") ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(to_base64("\xff\x01") == "/wE=");
  BOOST_TEST(from_base64("/wE=").value() == "\xff\x01");
  for (const char* bad : {"/wE", "/wE=\n", "/w E=", "?", "/wF="})
    BOOST_TEST(!from_base64(bad), bad);
}

BOOST_AUTO_TEST_CASE(what_is_signed_verifies_and_nothing_else_does) {
  const std::string message = "the manifest\n";
  const std::string good = sign_message(message, *secret, "file:m.json");
  BOOST_REQUIRE(verify_message(message, good, "s", open));
  const auto refused = [&](const std::string& what, const std::string& signature) {
    const auto result = verify_message(what, signature, "s.minisig", open);
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code == ExitCode::plugin_rejected));
    BOOST_TEST(result.error().where.file == "s.minisig");
    return result.error().what;
  };
  BOOST_TEST(refused("the manifesT\n", good).find("does not fit") != std::string::npos);
  BOOST_TEST(refused(message, "").find("not a signature") != std::string::npos);
  std::string commented = good;
  commented.replace(commented.find("file:m"), 6, "file:n");
  BOOST_TEST(refused(message, commented).find("trusted comment") != std::string::npos);
  BOOST_TEST(refused(message, good + "more\n").find("not a signature") != std::string::npos);
  const KeyFiles stranger = make_key_files();
  const auto strange = parse_secret_key(stranger.secret_text, "");
  BOOST_TEST(refused(message, sign_message(message, *strange, "")).find(stranger.id) !=
             std::string::npos);
  // A stranger under the id of a key that is trusted.
  SecretKey posing = std::move(parse_secret_key(stranger.secret_text, "").value());
  posing.id = secret->id;
  BOOST_TEST(refused(message, sign_message(message, posing, "")).find("does not fit") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_single_flipped_bit_passes) {
  const std::string message = "{\"id\": \"org.example.p\"}";
  const std::string good = sign_message(message, *secret, "c");
  const std::size_t first = good.find('\n') + 1;  // the first line is nobody's word
  for (std::size_t at = first; at + 1 < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string mutated = good;
      mutated[at] = static_cast<char>(mutated[at] ^ (1 << bit));
      BOOST_REQUIRE_MESSAGE(!verify_message(message, mutated, "s", open), at << ' ' << mutated);
    }
  }
}

BOOST_AUTO_TEST_CASE(bad_keys_are_refused) {
  for (const std::string& text :
       {std::string(), std::string("x"), files.secret_text, files.public_text + "x\n",
        files.public_text.substr(0, files.public_text.size() - 6)})
    BOOST_TEST(!parse_public_key(text, "k.pub"), text);
  BOOST_TEST(!parse_secret_key(files.public_text, "k"));
  std::string damaged = files.secret_text;
  char& letter = damaged[damaged.size() - 60];
  letter = letter == 'A' ? 'B' : 'A';
  BOOST_TEST(parse_secret_key(damaged, "k").error().what.find("damaged") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(minisign_accepts_our_signatures) {
  write("our.pub", files.public_text);
  write("m.json", "a manifest");
  write("m.json.minisig", sign_message("a manifest", *secret, "timestamp:1\tfile:m.json"));
  BOOST_TEST(minisign("-V -m m.json -p our.pub") == 0, read("said"));
  write("m.json", "a manifesT");
  BOOST_TEST(minisign("-V -m m.json -p our.pub") != 0);
  // And signs with our secret key.
  write("our.key", files.secret_text);
  BOOST_REQUIRE(minisign("-S -m m.json -s our.key") == 0);
  BOOST_TEST(bool(verify_message("a manifesT", read("m.json.minisig"), "s", open)));
}

BOOST_AUTO_TEST_CASE(signatures_and_keys_of_minisign_are_accepted) {
  BOOST_REQUIRE(minisign("-G -W -p its.pub -s its.key") == 0);
  write("m.json", "a manifest");
  BOOST_REQUIRE(minisign("-S -m m.json -s its.key -t 'a comment of mine'") == 0);
  const std::vector<PublicKey> its{parse_public_key(read("its.pub"), "its.pub").value()};
  const auto verified = verify_message("a manifest", read("m.json.minisig"), "s", its);
  BOOST_REQUIRE(verified);
  BOOST_TEST(verified->file == "its.pub");
  BOOST_TEST(!verify_message("another", read("m.json.minisig"), "s", its));
  const auto key = parse_secret_key(read("its.key"), "its.key");
  BOOST_REQUIRE(key);
  write("m.json.minisig", sign_message("a manifest", *key, "c"));
  BOOST_TEST(minisign("-V -m m.json -p its.pub") == 0, read("said"));
  // The old kind, in which the message itself is signed.
  BOOST_REQUIRE(minisign("-S -l -m m.json -s its.key") == 0);
  const auto old = verify_message("a manifest", read("m.json.minisig"), "s", its);
  BOOST_REQUIRE(!old);
  BOOST_TEST(old.error().what.find("old kind") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
