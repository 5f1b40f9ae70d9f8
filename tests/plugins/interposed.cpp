// SPDX-License-Identifier: Apache-2.0
#include "plugins/interposed.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace {

std::atomic<int> connect_error{0};

// The look-up is on a thread of the plugin's.
struct {
  std::mutex mutex;
  std::string name;
  std::vector<std::string> addresses;
  int error = 0;
} known;

// In one piece, as the C library makes them, so that its freeaddrinfo frees it.
addrinfo* make_info(const std::string& address, const char* service, int type) {
  struct Both {
    addrinfo info;
    sockaddr_in address;
  };
  auto* const both = static_cast<Both*>(std::calloc(1, sizeof(Both)));
  both->address.sin_family = AF_INET;
  both->address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(service)));
  ::inet_pton(AF_INET, address.c_str(), &both->address.sin_addr);
  both->info.ai_family = AF_INET;
  both->info.ai_socktype = type;
  both->info.ai_addr = reinterpret_cast<sockaddr*>(&both->address);
  both->info.ai_addrlen = sizeof both->address;
  return &both->info;
}

}  // namespace

extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  if (const int error = connect_error; error != 0) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_connect, fd, address, size));
}

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** list) {
  {
    const std::lock_guard lock(known.mutex);
    if (name != nullptr && known.name == name && (hints->ai_flags & AI_NUMERICHOST) == 0) {
      addrinfo** end = list;
      for (const std::string& address : known.addresses) {
        *end = make_info(address, service, hints->ai_socktype);
        end = &(*end)->ai_next;
      }
      return known.error;
    }
  }
  static const auto next =
      reinterpret_cast<int (*)(const char*, const char*, const addrinfo*, addrinfo**)>(
          ::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(name, service, hints, list);
}

namespace interposed {

ConnectFails::ConnectFails(int error) { connect_error = error; }
ConnectFails::~ConnectFails() { connect_error = 0; }

NameHas::NameHas(const std::string& name, const std::vector<std::string>& addresses) {
  const std::lock_guard lock(known.mutex);
  known.name = name;
  known.addresses = addresses;
  known.error = 0;
}
NameHas::NameHas(const std::string& name, int error) {
  const std::lock_guard lock(known.mutex);
  known.name = name;
  known.addresses.clear();
  known.error = error;
}
NameHas::~NameHas() {
  const std::lock_guard lock(known.mutex);
  known.name.clear();
}

}  // namespace interposed
