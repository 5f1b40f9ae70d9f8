// SPDX-License-Identifier: Apache-2.0
#include "campaign/local_ports.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <sstream>

#include "base/files.h"

namespace ordeal {
namespace {

/// "8080,9000-9100" -> how many of them lie in [low, high].
std::uint64_t reserved(const std::string& text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t count = 0;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    unsigned long first = 0;
    unsigned long last = 0;
    const int n = std::sscanf(part.c_str(), "%lu-%lu", &first, &last);
    if (n < 1) continue;
    if (n == 1) last = first;
    const std::uint64_t from = std::max<std::uint64_t>(first, low);
    const std::uint64_t to = std::min<std::uint64_t>(last, high);
    if (from <= to) count += to - from + 1;
  }
  return count;
}

std::string text_of(const std::string& path) {
  auto text = read_file(path, ExitCode::preflight);
  return text ? std::move(*text) : std::string();
}

}  // namespace

PortUse local_ports(const std::string& root) {
  PortUse use;
  const std::string net = root + "/proc/sys/net/ipv4/";
  unsigned long low = 0;
  unsigned long high = 0;
  if (std::sscanf(text_of(net + "ip_local_port_range").c_str(), "%lu %lu", &low, &high) == 2 &&
      low <= high) {
    use.range = high - low + 1 - reserved(text_of(net + "ip_local_reserved_ports"), low, high);
  }
  const std::string sockets = text_of(root + "/proc/net/sockstat");
  if (const auto tcp = sockets.find("TCP: "); tcp != std::string::npos) {
    unsigned long waiting = 0;
    const auto at = sockets.find(" tw ", tcp);
    if (at != std::string::npos && std::sscanf(sockets.c_str() + at, " tw %lu", &waiting) == 1)
      use.time_wait = waiting;
  }
  return use;
}

}  // namespace ordeal
