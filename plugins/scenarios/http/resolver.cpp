// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <csignal>

#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

namespace http {

namespace {

// Returns an EAI_* code.
int look_up(const std::string& name, std::uint16_t port, int family, int flags,
            std::vector<Address>& found) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return error;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    found.push_back(address);
  }
  ::freeaddrinfo(list);
  return found.empty() ? EAI_NONAME : 0;
}

}  // namespace

// Shared with the thread, which may outlive the resolver: a look-up cannot be interrupted.
struct Resolver::Question {
  std::mutex mutex;
  Resolver* asker = nullptr;  // null once the resolver is gone
  std::vector<Address> found;
  int error = 0;
};

// Posted to [worker]; owns itself.
struct Resolver::Answer {
  std::shared_ptr<Question> question;

  void deliver() noexcept {
    const std::unique_ptr<Answer> self(this);
    Resolver* const asker = question->asker;  // changed on this thread only
    if (asker == nullptr) return;
    asker->asking_ = false;
    asker->addresses_ = std::move(question->found);
    asker->error_ = question->error;
    asker->question_.reset();
    asker->changed_();
  }
};

Resolver::Resolver(const ordeal::Host& host, std::string name, std::uint16_t port, int family,
                   std::function<void()> changed)
    : host_(host),
      name_(std::move(name)),
      port_(port),
      family_(family),
      changed_(std::move(changed)) {
  static_cast<void>(
      look_up(name_, port_, family_, AI_NUMERICHOST, addresses_));  // touches no network
}

Resolver::~Resolver() {
  if (!question_) return;
  const std::lock_guard lock(question_->mutex);
  question_->asker = nullptr;
}

void Resolver::ask() {
  if (asking_ || !addresses_.empty()) return;
  question_ = std::make_shared<Question>();
  question_->asker = this;
  // Signals are for the cell's own thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    std::thread([question = question_, host = host_, name = name_, port = port_, family = family_] {
      std::vector<Address> found;
      const int error = look_up(name, port, family, 0, found);
      std::unique_lock lock(question->mutex);
      question->found = std::move(found);
      question->error = error;
      auto answer = std::make_unique<Answer>(Answer{question});
      // Under the lock: while asker is set, the instance and with it the host are alive.
      while (question->asker != nullptr) {
        const std::int32_t status = host.post<&Answer::deliver>(answer.get());
        if (status == ORDEAL_OK) {
          static_cast<void>(answer.release());
          return;
        }
        if (status != ORDEAL_E_LIMIT) return;
        lock.unlock();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        lock.lock();
      }
    }).detach();
    asking_ = true;
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    question_.reset();
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace http
