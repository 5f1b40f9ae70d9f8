// SPDX-License-Identifier: Apache-2.0
// 2,000 damaged libraries, each in a cell of its own. A cell may die of one; the host says which
// plugin it was, and nothing of a library runs whose hash is not the manifest's.
#include <openssl/evp.h>
#include <signal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include "base/files.h"
#include "campaign/containment.h"
#include "campaign/loop.h"
#include "places.h"
#include "registry/library_entry.h"
#include "temporary_folder.h"

using namespace ordeal;

namespace {

constexpr unsigned files = 2000;
constexpr unsigned at_once = 16;
constexpr std::uint64_t deadline_ns = 30'000'000'000;

std::string sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  BOOST_REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

/// A few bytes, or a range, changed; mostly where the loader looks, sometimes anywhere; sometimes
/// cut off.
std::string mutated(const std::string& sound, std::mt19937& random) {
  std::string bytes = sound;
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const std::size_t changes = 1 + below(8);
  for (std::size_t i = 0; i < changes; ++i) {
    // Headers, dynamic section and symbols lie at the two ends of a small library.
    const std::size_t kind = below(4);
    const std::size_t at = kind == 0   ? below(64)
                           : kind == 1 ? below(std::min<std::size_t>(bytes.size(), 0x1000))
                                       : below(bytes.size());
    bytes[at] = static_cast<char>(below(3) == 0 ? 0xff : below(256));
  }
  if (below(10) == 0) bytes.resize(below(bytes.size()));
  if (bytes == sound) bytes[0] = 'X';
  return bytes;
}

struct Attempt {
  PluginInfo plugin;
  std::string marker;
  bool honest_hash = false;
  std::unique_ptr<CellLink> link;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mutated_elf)

BOOST_AUTO_TEST_CASE(two_thousand_libraries) {
  const unsigned seed = 20261123;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  const testing::TemporaryFolder folder;
  const auto sound = read_file(ORDEAL_FAULTS_DIR "/org.faulty.marks.so", ExitCode::internal);
  BOOST_REQUIRE(static_cast<bool>(sound));
  const std::string marker = folder.file("marker");
  ::setenv("ORDEAL_FAULT_MARKER", marker.c_str(), 1);
  const auto ran = [&] { return std::filesystem::exists(marker); };

  SystemClock clock;
  Loop loop(clock);
  ChildCells cells(loop, ORDEAL_BUILD_DIR "/libexec/ordeal/ordeal-cell", "");
  unsigned refused = 0;
  unsigned died = 0;
  unsigned accepted = 0;
  unsigned marked = 0;  // batches in which the library's own code ran
  // First those that do not match their hash, then those that do.
  const auto batch = [&](unsigned first, unsigned last, bool honest) {
    for (unsigned i = first; i < last; i += at_once) {
      std::vector<Attempt> attempts(std::min(at_once, last - i));
      for (std::size_t j = 0; j < attempts.size(); ++j) {
        Attempt& attempt = attempts[j];
        const std::string bytes = mutated(*sound, random);
        attempt.plugin.id = "org.faulty.marks";
        attempt.plugin.version = "1.2.3";
        attempt.plugin.trust = Trust::hash;
        attempt.plugin.library_path = folder.file("mutated" + std::to_string(j) + ".so");
        attempt.plugin.sha256 = sha256(honest ? bytes : *sound);
        // Without a sync: 2,000 of them would be most of the time.
        std::ofstream(attempt.plugin.library_path, std::ios::binary) << bytes;
        auto link = cells.start("fuzz", [](CellLink&, CellMessage, Decoder&) {});
        BOOST_REQUIRE(static_cast<bool>(link));
        attempt.link = std::move(*link);
        attempt.link->load(attempt.plugin);
        attempt.link->create(1, attempt.plugin.id, "collector", "fault", "{}");
      }
      const auto settled = [](Attempt& attempt) {
        // Silence for 5 s is a death, too, as in a run.
        return attempt.link->create_answer(1).has_value() || !attempt.link->death().empty();
      };
      loop.run_until([&] { return std::all_of(attempts.begin(), attempts.end(), settled); },
                     loop.now() + deadline_ns);
      for (Attempt& attempt : attempts) {
        // One that was killed for its silence ends a moment later.
        loop.run_until(
            [&] { return attempt.link->create_answer(1).has_value() || attempt.link->ended(); },
            loop.now() + deadline_ns);
        const std::string why = attempt.link->refusal(attempt.plugin, 1);
        if (why.empty()) {
          BOOST_TEST(honest, "a library with the wrong hash was accepted");
          ++accepted;  // what was damaged does not matter: padding, a section name
        } else {
          BOOST_TEST(why.find("org.faulty.marks 1.2.3") != std::string::npos, why);
          if (attempt.link->ended())
            ++died;
          else
            ++refused;
        }
        attempt.link->kill(SIGKILL);
        loop.run_until([&] { return attempt.link->ended(); }, loop.now() + deadline_ns);
        cells.forget(*attempt.link);
      }
      // One by one: damaged code may well damage the marker.
      if (honest && std::filesystem::remove(marker)) ++marked;
    }
  };
  batch(0, files / 2, false);
  BOOST_TEST(!ran());
  BOOST_TEST(refused == files / 2);
  BOOST_TEST(died == 0u);
  batch(files / 2, files, true);
  BOOST_TEST_MESSAGE(refused << " refused, " << died << " killed their cell, " << accepted
                             << " accepted");
  BOOST_TEST(refused + died + accepted == files);
  BOOST_TEST(refused > files / 2);
  BOOST_TEST(accepted > 0u);
  // What was accepted did run, so the marker would have shown the others.
  BOOST_TEST(marked > 10u);
}

BOOST_AUTO_TEST_SUITE_END()
