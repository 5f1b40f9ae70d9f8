// SPDX-License-Identifier: Apache-2.0
// The process service as a plugin sees it, against the init of a real containment of the guardian.
// A process in it that was given a channel to the init hands that to this test, which plays a cell.
#include "cell/process_service.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <functional>
#include <memory>

#include "base/codec.h"
#include "cell/host_instance.h"
#include "guardian/containment.h"
#include "guardian/guarded_run.h"
#include "places.h"

using namespace ordeal;
using namespace ordeal::testing;

namespace {

/// A child as a plugin holds one, and what it was told.
struct Child {
  std::function<void()> when_started;
  std::uint64_t process = 0;
  int n_started = 0;
  int n_exited = 0;
  ordeal_process_started started{};
  ordeal_process_exit exit{};
  UniqueFd in, out, err, pidfd;

  static void on_started(void* user, const ordeal_process_started* result) noexcept {
    auto& self = *static_cast<Child*>(user);
    ++self.n_started;
    self.started = *result;
    self.in.reset(result->stdin_fd);
    self.out.reset(result->stdout_fd);
    self.err.reset(result->stderr_fd);
    self.pidfd.reset(result->pidfd);
    if (self.when_started) self.when_started();
  }
  static void on_exited(void* user, const ordeal_process_exit* result) noexcept {
    auto& self = *static_cast<Child*>(user);
    ++self.n_exited;
    self.exit = *result;
  }
};

/// What comes out of a pipe that does not block, until its other end is closed.
std::string read_all(int fd) {
  std::string text;
  BOOST_CHECK(eventually([&] {
    char buffer[256];
    ssize_t n = 0;
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0)
      text.append(buffer, static_cast<std::size_t>(n));
    return n == 0;
  }));
  return text;
}

struct Bench {
  Bench()
      : table(std::make_unique<ProcessTable>()),
        server(std::make_unique<InitServer>(*table)),
        containments(std::make_unique<Containments>(*server, *table, run.id, run.dir)),
        reactor(std::move(Reactor::make()).value()) {
    BOOST_REQUIRE_EQUAL(table->open(), 0);
    BOOST_REQUIRE(containments->plan(Tier::none, {}));
    int fd = -1;
    BOOST_REQUIRE_EQUAL(containments->make(ContainmentKind::load, 1, fd), 0);
    controller = Channel(UniqueFd(fd));
    service = std::make_unique<ProcessService>(channel_of_a_cell(), *reactor);
    host = make_host();
  }
  ~Bench() {
    host.reset();
    service.reset();
    containments->kill_all();
    eventually([this] {
      int status = 0;
      for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        containments->reaped(pid, status);
      containments->step({});
      return containments->alive() == 0;
    });
  }

  Channel channel_of_a_cell() {
    auto ends = Channel::pair();
    BOOST_REQUIRE(ends);
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(1);
    out.u32(static_cast<std::uint32_t>(StartFlag::init_channel));
    out.u32(2);
    out.text(ORDEAL_BUILD_DIR "/bin/ordeal-fake-controller");
    out.text("--pass-channel");
    out.u32(0);
    out.text("");
    const int theirs = ends->second.fd();
    BOOST_REQUIRE(controller.send(static_cast<std::uint16_t>(GuardMessage::start), bytes,
                                  std::span(&theirs, 1)));
    auto passed = ends->first.receive_for(15000);
    BOOST_REQUIRE(passed);
    BOOST_REQUIRE(passed->has_value());
    BOOST_REQUIRE_EQUAL((**passed).fds.size(), 1);
    return Channel(std::move((**passed).fds[0]));
  }
  std::unique_ptr<HostInstance> make_host() {
    return std::make_unique<HostInstance>(
        *reactor, clock, [](std::uint32_t, std::string_view) {}, service.get());
  }

  /// Through the C table, as a plugin does. The strings are gone when it returns.
  std::int32_t start(Child& child, std::vector<std::string> argv, std::vector<std::string> env = {},
                     const std::string& cwd = "") {
    const auto texts = [](const std::vector<std::string>& words) {
      std::vector<ordeal_str> result;
      for (const auto& word : words) result.push_back(abi_text(word));
      return result;
    };
    const auto arguments = texts(argv);
    const auto environment = texts(env);
    ordeal_process_spec spec{};
    spec.struct_size = sizeof spec;
    spec.argv = arguments.data();
    spec.n_argv = static_cast<std::uint32_t>(arguments.size());
    spec.env = environment.data();
    spec.n_env = static_cast<std::uint32_t>(environment.size());
    spec.cwd = abi_text(cwd);
    return table_of(*host)->start(host->host(), &spec, Child::on_started, Child::on_exited, &child,
                                  &child.process);
  }
  static const ordeal_host_process* table_of(const HostInstance& of) {
    return static_cast<const ordeal_host_process*>(
        of.host()->get_extension(of.host(), abi_text(ORDEAL_HOST_PROCESS)));
  }
  std::int32_t signal(const Child& child, std::int32_t number) {
    return table_of(*host)->signal(host->host(), child.process, number);
  }
  bool until(const std::function<bool()>& condition) {
    return eventually([&] {
      reactor->run_once(1'000'000);
      return condition();
    });
  }

  GuardedRun run;
  SystemClock clock;
  std::unique_ptr<ProcessTable> table;
  std::unique_ptr<InitServer> server;
  std::unique_ptr<Containments> containments;
  Channel controller;
  std::unique_ptr<Reactor> reactor;
  std::unique_ptr<ProcessService> service;
  std::unique_ptr<HostInstance> host;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process_service)

BOOST_AUTO_TEST_CASE(a_child_talks_and_ends) {
  Bench bench;
  Child child;
  BOOST_REQUIRE_EQUAL(
      bench.start(child, {"sh", "-c", "read x; echo $x $ADDED; pwd; echo no >&2; exit 3"},
                  {"ADDED=more"}),
      ORDEAL_OK);
  BOOST_CHECK_EQUAL(child.n_started, 0);
  BOOST_REQUIRE(bench.until([&] { return child.n_started == 1; }));
  BOOST_REQUIRE_EQUAL(child.started.error, 0);
  for (const auto* fd : {&child.in, &child.out, &child.err, &child.pidfd}) {
    BOOST_REQUIRE(*fd);
    BOOST_CHECK_EQUAL(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  }
  BOOST_REQUIRE_EQUAL(::write(child.in.get(), "in\n", 3), 3);
  BOOST_CHECK_EQUAL(read_all(child.out.get()), "in more\n" + bench.run.dir + "\n");
  BOOST_CHECK_EQUAL(read_all(child.err.get()), "no\n");
  BOOST_REQUIRE(bench.until([&] { return child.n_exited == 1; }));
  BOOST_REQUIRE(WIFEXITED(child.exit.wait_status));
  BOOST_CHECK_EQUAL(WEXITSTATUS(child.exit.wait_status), 3);
  BOOST_CHECK_GT(child.exit.max_rss_bytes, 100'000);
  BOOST_CHECK(pidfd_ended(child.pidfd.get(), 5000));
  BOOST_CHECK_EQUAL(bench.signal(child, SIGTERM), ORDEAL_E_NOT_FOUND);
  BOOST_CHECK_EQUAL(child.n_started, 1);
}

BOOST_AUTO_TEST_CASE(failed_starts_say_why) {
  Bench bench;
  Child absent;
  Child no_folder;
  BOOST_REQUIRE_EQUAL(bench.start(absent, {"ordeal-no-such-program"}), ORDEAL_OK);
  BOOST_REQUIRE_EQUAL(bench.start(no_folder, {"true"}, {}, "/nowhere/at/all"), ORDEAL_OK);
  BOOST_REQUIRE(bench.until([&] { return absent.n_started + no_folder.n_started == 2; }));
  BOOST_CHECK_EQUAL(absent.started.error, ENOENT);
  BOOST_CHECK_EQUAL(absent.started.pidfd, -1);
  BOOST_CHECK_EQUAL(no_folder.started.error, ENOENT);
  BOOST_CHECK_EQUAL(absent.n_exited + no_folder.n_exited, 0);

  Child never;
  BOOST_CHECK_EQUAL(bench.start(never, {}), ORDEAL_E_INVALID);
  BOOST_CHECK_EQUAL(bench.start(never, {""}), ORDEAL_E_INVALID);
  BOOST_CHECK_EQUAL(bench.start(never, {std::string("a\0b", 3)}), ORDEAL_E_INVALID);
  BOOST_CHECK_EQUAL(bench.start(never, {"true"}, {"no equals sign"}), ORDEAL_E_INVALID);
  BOOST_CHECK_EQUAL(bench.start(never, {"true", std::string(70'000, 'x')}), ORDEAL_E_LIMIT);
  BOOST_CHECK(bench.host->take_error("").find("64 KiB") != std::string::npos);
  BOOST_CHECK_EQUAL(never.n_started, 0);
}

BOOST_AUTO_TEST_CASE(signals_reach_the_child_named) {
  Bench bench;
  Child one;
  Child two;
  BOOST_REQUIRE_EQUAL(bench.start(one, {"sleep", bench.run.mark}), ORDEAL_OK);
  // From within a callback, as a plugin would.
  two.when_started = [&] { BOOST_CHECK_EQUAL(bench.signal(two, SIGTERM), ORDEAL_OK); };
  BOOST_REQUIRE_EQUAL(bench.start(two, {"sleep", bench.run.mark}), ORDEAL_OK);
  BOOST_REQUIRE(bench.until([&] { return two.n_exited == 1; }));
  BOOST_REQUIRE(WIFSIGNALED(two.exit.wait_status));
  BOOST_CHECK_EQUAL(WTERMSIG(two.exit.wait_status), SIGTERM);
  BOOST_CHECK_EQUAL(one.n_exited, 0);
  BOOST_CHECK_EQUAL(bench.signal(one, 0), ORDEAL_E_INVALID);
  BOOST_CHECK_EQUAL(bench.signal(one, 1000), ORDEAL_E_INVALID);

  // Another instance's child is none of ours.
  const auto other = bench.make_host();
  BOOST_CHECK_EQUAL(Bench::table_of(*other)->signal(other->host(), one.process, SIGKILL),
                    ORDEAL_E_NOT_FOUND);
}

BOOST_AUTO_TEST_CASE(closing_an_instance_ends_its_children_silently) {
  Bench bench;
  Child running;
  Child on_its_way;
  BOOST_REQUIRE_EQUAL(bench.start(running, {"sleep", bench.run.mark}), ORDEAL_OK);
  BOOST_REQUIRE(bench.until([&] { return running.n_started == 1; }));
  BOOST_REQUIRE(eventually([&] { return bench.run.marked() == 1; }));
  auto other = bench.make_host();
  Child others;
  bench.host.swap(other);
  BOOST_REQUIRE_EQUAL(bench.start(others, {"cat"}), ORDEAL_OK);
  bench.host.swap(other);
  BOOST_REQUIRE_EQUAL(bench.start(on_its_way, {"sleep", bench.run.mark}), ORDEAL_OK);
  const auto* table = Bench::table_of(*bench.host);
  bench.host->close();
  BOOST_CHECK(Bench::table_of(*bench.host) == nullptr);
  BOOST_CHECK_EQUAL(table->signal(bench.host->host(), running.process, SIGTERM), ORDEAL_E_STATE);
  BOOST_CHECK(pidfd_ended(running.pidfd.get(), 15000));
  BOOST_CHECK(bench.until([&] { return others.n_started == 1 && bench.run.marked() == 0; }));
  others.in.reset();
  BOOST_CHECK(bench.until([&] { return others.n_exited == 1; }));
  BOOST_CHECK_EQUAL(running.n_exited, 0);
  BOOST_CHECK_EQUAL(on_its_way.n_started + on_its_way.n_exited, 0);
}

BOOST_AUTO_TEST_CASE(a_lost_init_fails_what_waits) {
  Bench bench;
  auto ends = std::move(Channel::pair()).value();
  bench.host.reset();
  bench.service = std::make_unique<ProcessService>(std::move(ends.first), *bench.reactor);
  bench.host = bench.make_host();
  Child child;
  BOOST_REQUIRE_EQUAL(bench.start(child, {"true"}), ORDEAL_OK);
  ends.second = Channel();
  BOOST_REQUIRE(bench.until([&] { return child.n_started == 1; }));
  BOOST_CHECK_EQUAL(child.started.error, EPIPE);
  BOOST_CHECK_EQUAL(bench.start(child, {"true"}), ORDEAL_E_IO);
}

BOOST_AUTO_TEST_CASE(absent_without_an_init) {
  SystemClock clock;
  const auto reactor = std::move(Reactor::make()).value();
  const HostInstance host(*reactor, clock, [](std::uint32_t, std::string_view) {});
  BOOST_CHECK(Bench::table_of(host) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
