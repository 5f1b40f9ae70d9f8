// SPDX-License-Identifier: Apache-2.0
// Tar archives written byte by byte, so that they can be as bad as needed.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

namespace ordeal {

struct TarEntry {
  std::string name;
  std::string content = "x";
  char type = '0';
  std::string link = {};
  std::string size = {};  // octal digits that lie about the content
};

inline std::string tar_header(const TarEntry& entry) {
  std::string block(512, '\0');
  const auto put = [&block](std::size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  };
  char digits[32];
  std::snprintf(digits, sizeof digits, "%011zo", entry.content.size());
  put(0, entry.name.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, entry.size.empty() ? std::string(digits) : entry.size);
  put(136, "00000000000");
  put(148, "        ");
  block[156] = entry.type;
  put(157, entry.link.substr(0, 100));
  put(257, std::string("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(digits, sizeof digits, "%06o", sum);
  put(148, std::string(digits) + std::string("\0 ", 2));
  return block;
}

template <typename Entries>
std::string tar_of(const Entries& entries) {
  std::string bytes;
  for (const TarEntry& entry : entries) {
    bytes += tar_header(entry) + entry.content;
    bytes.resize((bytes.size() + 511) / 512 * 512);
  }
  return bytes + std::string(1024, '\0');
}

}  // namespace ordeal
