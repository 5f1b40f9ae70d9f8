// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ordeal/host.hpp"

namespace http {

/// One address to connect to.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Turns a host name into addresses, once, and keeps them. An address in digits is known at once; a
/// name is looked up on a thread of its own, so that a slow name server never blocks the worker.
/// All functions on [worker].
class Resolver {
 public:
  /// `changed` is called on [worker] when a look-up has ended.
  /// `family` is AF_UNSPEC, AF_INET or AF_INET6.
  Resolver(const ordeal::Host& host, std::string name, std::uint16_t port, int family,
           std::function<void()> changed);
  /// Knows this one address and asks nobody.
  Resolver(const ordeal::Host& host, const Address& address) : host_(host), addresses_{address} {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Starts a look-up unless addresses are known or one is in progress. Throws std::system_error
  /// when no thread can be started.
  void ask();
  [[nodiscard]] bool asking() const { return asking_; }
  /// Empty before and after a failed look-up.
  [[nodiscard]] const std::vector<Address>& addresses() const { return addresses_; }
  /// EAI_* of the last look-up, 0 when it went well.
  [[nodiscard]] int error() const { return error_; }

 private:
  struct Question;
  struct Answer;

  ordeal::Host host_;
  std::string name_;
  std::uint16_t port_ = 0;
  int family_ = AF_UNSPEC;
  std::function<void()> changed_;
  std::shared_ptr<Question> question_;
  std::vector<Address> addresses_;
  int error_ = 0;
  bool asking_ = false;
};

}  // namespace http
