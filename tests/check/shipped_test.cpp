// SPDX-License-Identifier: Apache-2.0
// Every plugin that ordeal ships passes `plugin check` at the highest level.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "check/candidate.h"
#include "check/check_output.h"
#include "check/runner.h"

using namespace ordeal;

namespace {

/// Answers every HTTP request on a port of its own with 200. A thread, because the checks end every
/// child process they find.
class Answering {
 public:
  Answering() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), raw, &size) != 0)
      throw std::runtime_error("no port to listen on");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Answering() {
    over_.store(true);
    thread_.join();
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/";
  }
  [[nodiscard]] int answered() const { return answered_.load(); }

 private:
  void serve() {
    std::map<int, std::string> clients;
    while (!over_.load()) {
      std::vector<pollfd> fds{{listener_.get(), POLLIN, 0}};
      for (const auto& [fd, text] : clients) fds.push_back({fd, POLLIN, 0});
      if (::poll(fds.data(), fds.size(), 20) <= 0) continue;
      for (const pollfd& one : fds) {
        if (one.revents == 0) continue;
        if (one.fd == listener_.get()) {
          clients[::accept4(one.fd, nullptr, nullptr, SOCK_CLOEXEC)] = "";
        } else if (!answer(one.fd, clients[one.fd])) {
          ::close(one.fd);
          clients.erase(one.fd);
        }
      }
    }
    for (const auto& [fd, text] : clients) ::close(fd);
  }
  bool answer(int fd, std::string& text) {
    char buffer[4096];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end = 0; (end = text.find("\r\n\r\n")) != std::string::npos;) {
      text.erase(0, end + 4);
      constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      if (::send(fd, ok.data(), ok.size(), MSG_NOSIGNAL) < 0) return false;
      ++answered_;
    }
    return true;
  }

  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> over_{false};
  std::atomic<int> answered_{0};
  std::thread thread_;
};

/// Runs all cases; none may fail, and only those in `skipped` may be left out.
void passes(const std::string& id, const CheckPlan& plan, const std::string& skipped = {}) {
  const auto plugin = find_candidate(id, {});
  BOOST_REQUIRE_MESSAGE(plugin, id << " was not found");
  std::size_t cases = 0;
  const auto results = run_checks(*plugin, plan, [&](const CheckResult& result) {
    ++cases;
    BOOST_TEST_CONTEXT(check_line(result)) {
      BOOST_TEST((result.verdict != CheckVerdict::fail));
      if (result.verdict == CheckVerdict::skip)
        BOOST_TEST(skipped.find(result.about->name) != std::string::npos);
    }
  });
  BOOST_REQUIRE(results);
  BOOST_TEST(cases >= 28u);
}

CheckPlan plan_with(const std::string& component = {}, const std::string& config = {}) {
  CheckPlan plan;
  plan.seed = 20260101;
  plan.limit_s = 60;
  if (!component.empty()) plan.configs[component] = config;
  return plan;
}

/// Under a sanitizer the cells have its allocator, which cannot be made to fail.
#if defined(__SANITIZE_ADDRESS__)
constexpr const char* needs_heap = "out-of-memory";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr const char* needs_heap = "out-of-memory";
#else
constexpr const char* needs_heap = "";
#endif
#else
constexpr const char* needs_heap = "";
#endif

}  // namespace

BOOST_AUTO_TEST_SUITE(shipped)

BOOST_AUTO_TEST_CASE(the_http_scenario_with_a_target) {
  const Answering target;
  passes("org.ordeal.http", plan_with("http", "{\"url\": \"" + target.url() + "\"}"), needs_heap);
  BOOST_TEST(target.answered() > 20);
}

BOOST_AUTO_TEST_CASE(the_http_scenario_without_a_target) {
  passes("org.ordeal.http", plan_with(), std::string("operations ") + needs_heap);
}

BOOST_AUTO_TEST_CASE(the_collectors) {
  passes("org.ordeal.system", plan_with(), needs_heap);
  passes("org.ordeal.process", plan_with(), needs_heap);
}

BOOST_AUTO_TEST_CASE(the_rules) {
  for (const char* id : {"org.ordeal.threshold", "org.ordeal.pressure", "org.ordeal.rate-of-change",
                         "org.ordeal.consecutive-failures", "org.ordeal.circuit-breaker",
                         "org.ordeal.process-limits", "org.ordeal.target-alive"})
    passes(id, plan_with(), needs_heap);
}

BOOST_AUTO_TEST_CASE(the_reports) {
  for (const char* id : {"org.ordeal.report-json", "org.ordeal.report-text",
                         "org.ordeal.report-html", "org.ordeal.report-hdr"})
    passes(id, plan_with(), needs_heap);
}

BOOST_AUTO_TEST_SUITE_END()
