// SPDX-License-Identifier: Apache-2.0
// What the network says is not ours to arrange, so the test program has a connect and a getaddrinfo
// of its own, before the C library's. They pass everything on unless a test says otherwise.
#pragma once

#include <string>
#include <vector>

namespace interposed {

/// As long as it lives, every connect of the program fails with this errno.
class ConnectFails {
 public:
  explicit ConnectFails(int error);
  ~ConnectFails();
  ConnectFails(const ConnectFails&) = delete;
  ConnectFails& operator=(const ConnectFails&) = delete;
};

/// As long as it lives, this name has these IPv4 addresses.
class NameHas {
 public:
  NameHas(const std::string& name, const std::vector<std::string>& addresses);
  /// It has none: looking it up fails with this EAI_*.
  NameHas(const std::string& name, int error);
  ~NameHas();
  NameHas(const NameHas&) = delete;
  NameHas& operator=(const NameHas&) = delete;
};

}  // namespace interposed
