// SPDX-License-Identifier: Apache-2.0
// What a supervisor hears over NOTIFY_SOCKET.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

/// Plays systemd.
struct Supervisor {
  Supervisor(const std::string& path, const char* watchdog_us) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    if (path[0] == '@') address.sun_path[0] = '\0';
    fd = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    BOOST_REQUIRE_EQUAL(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", watchdog_us, 1);
  }
  ~Supervisor() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  /// What came until now, or within `ms`.
  std::vector<std::string> hear(int ms) {
    std::vector<std::string> heard;
    for (pollfd p{fd.get(), POLLIN, 0}; ::poll(&p, 1, ms) == 1;) {
      char buffer[1024];
      const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (n > 0) heard.emplace_back(buffer, static_cast<std::size_t>(n));
      ms = 0;
    }
    return heard;
  }
  UniqueFd fd;
};

std::size_t count(const std::vector<std::string>& heard, const std::string& start) {
  return static_cast<std::size_t>(std::count_if(heard.begin(), heard.end(), [&](const auto& one) {
    return one.compare(0, start.size(), start) == 0;
  }));
}

void check_life(std::string (*socket_of)(const GuardedRun&)) {
  GuardedRun run;
  Supervisor supervisor(socket_of(run), "400000");
  run.control({"--load", "env > " + run.dir + "/environment; sleep " + run.mark});
  run.start();
  run.wait_for_tree(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  auto heard = supervisor.hear(0);
  BOOST_REQUIRE(!heard.empty());
  BOOST_CHECK_EQUAL(heard[0], "READY=1\nSTATUS=guarding " + run.id);
  // Every 200 ms, give or take a tick of up to 100 ms each.
  BOOST_CHECK_GE(count(heard, "WATCHDOG=1"), 3);
  BOOST_CHECK_LE(count(heard, "WATCHDOG=1"), 9);
  // Whom the guardian starts cannot speak for it.
  BOOST_CHECK_EQUAL(slurp(run.dir + "/environment").find("NOTIFY_SOCKET"), std::string::npos);

  // A guardian that does not check does not say that it is alive.
  run.signal(SIGSTOP);
  supervisor.hear(50);
  BOOST_CHECK(supervisor.hear(600).empty());
  run.signal(SIGCONT);
  run.signal(SIGTERM);
  BOOST_CHECK_EQUAL(run.wait(), 105);
  heard = supervisor.hear(0);
  BOOST_CHECK_EQUAL(count(heard, "STOPPING=1\nSTATUS=orderly stop: signal 15"), 1);
  BOOST_CHECK_EQUAL(count(heard, "STOPPING=1"), 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(notify)

BOOST_AUTO_TEST_CASE(ready_watchdog_and_stopping) {
  check_life([](const GuardedRun& run) { return run.dir + "/notify"; });
}

BOOST_AUTO_TEST_CASE(an_abstract_socket_will_do) {
  check_life([](const GuardedRun& run) { return "@" + run.id; });
}

BOOST_AUTO_TEST_CASE(a_supervisor_that_is_gone_harms_nothing) {
  GuardedRun run;
  ::setenv("NOTIFY_SOCKET", (run.dir + "/nobody").c_str(), 1);
  run.options.command = {"sh", "-c", "exit 7"};
  run.start();
  ::unsetenv("NOTIFY_SOCKET");
  BOOST_CHECK_EQUAL(run.wait(), 7);
}

BOOST_AUTO_TEST_CASE(a_guarded_command_is_ready_when_it_runs) {
  GuardedRun run;
  Supervisor supervisor(run.dir + "/notify", "junk");
  run.options.command = {"sh", "-c", "sleep 0.3; exit 0"};
  run.start();
  BOOST_CHECK_EQUAL(run.wait(), 0);
  const auto heard = supervisor.hear(0);
  BOOST_CHECK_EQUAL(count(heard, "READY=1"), 1);
  BOOST_CHECK_EQUAL(count(heard, "WATCHDOG=1"), 0);
  BOOST_CHECK_EQUAL(count(heard, "STOPPING=1\nSTATUS=the command ended"), 1);
}

BOOST_AUTO_TEST_SUITE_END()
