// SPDX-License-Identifier: Apache-2.0
// Writes the size and a checksum (FNV-1a, 64 bits) of every document.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <ordeal/plugin.hpp>

namespace {

class Digest final : public ordeal::Report {
 public:
  using Report::Report;

  void render(std::uint32_t stage, std::string_view document, ordeal::FileSink& sink) override {
    if (document.empty()) throw ordeal::Failure(ORDEAL_E_INVALID, "the document is empty");
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const char c : document) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    char line[64];
    const int length = std::snprintf(line, sizeof line, "%zu %016llx\n", document.size(),
                                     static_cast<unsigned long long>(sum));
    sink.file("digest-" + std::to_string(stage) + ".txt", {line, static_cast<std::size_t>(length)});
    host().info("digest of stage " + std::to_string(stage) + " written");
  }
};

}  // namespace

ORDEAL_PLUGIN("org.example.digest", "0.1.0", ordeal::report<Digest>("digest"));
