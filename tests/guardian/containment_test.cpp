// SPDX-License-Identifier: Apache-2.0
// Containments without a guardian around them: what an init does with what it is asked.
#include "guardian/containment.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <boost/test/data/test_case.hpp>
#include <memory>

#include "base/channel.h"
#include "base/codec.h"
#include "guarded_run.h"
#include "guardian/drill.h"
#include "places.h"
#include "tiers.h"

using namespace ordeal;
using namespace ordeal::testing;
namespace data = boost::unit_test::data;

// Not anonymous: Boost.Test's data cases are templates, whose lambdas would then warn.
namespace containment_bench {

constexpr std::uint32_t flag(StartFlag f) { return static_cast<std::uint32_t>(f); }

struct Exited {
  std::uint32_t token = 0;
  int status = 0;
  std::uint64_t user_ns = 0;
  std::uint64_t system_ns = 0;
  std::uint64_t max_rss = 0;
};

/// One containment and the channel to its init.
struct Bench {
  explicit Bench(std::uint32_t wanted = 0, ContainmentKind kind = ContainmentKind::load)
      : table(std::make_unique<ProcessTable>()),
        server(std::make_unique<InitServer>(*table)),
        containments(std::make_unique<Containments>(*server, *table, run.id, run.dir)) {
    BOOST_REQUIRE_EQUAL(table->open(), 0);
    BOOST_REQUIRE(containments->plan(static_cast<Tier>(wanted), {}));
    int fd = -1;
    BOOST_REQUIRE_EQUAL(containments->make(kind, 1, fd), 0);
    channel = Channel(UniqueFd(fd));
    const auto tier = containments->plan_for(kind).tier;
    if (wanted != 0 && kind == ContainmentKind::load)
      BOOST_REQUIRE_EQUAL(static_cast<std::uint32_t>(tier), wanted);
  }
  ~Bench() { end(); }

  bool end() {
    containments->kill_all();
    return eventually([this] {
      int status = 0;
      for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        containments->reaped(pid, status);
      containments->step({});
      return containments->alive() == 0;
    });
  }
  void ask(Channel& to, std::uint32_t token, std::uint32_t flags, std::vector<std::string> argv,
           std::vector<std::string> env = {}, std::span<const int> fds = {},
           const std::string& cwd = "") {
    std::vector<std::byte> payload;
    Encoder out(payload);
    out.u32(token);
    out.u32(flags);
    for (const auto& list : {argv, env}) {
      out.u32(static_cast<std::uint32_t>(list.size()));
      for (const auto& word : list) out.text(word);
    }
    out.text(cwd);
    BOOST_REQUIRE(to.send(static_cast<std::uint16_t>(GuardMessage::start), payload, fds));
  }
  static Message next(Channel& from, GuardMessage type) {
    auto message = from.receive_for(15000);
    BOOST_REQUIRE_MESSAGE(message, (message ? "" : message.error().line()));
    BOOST_REQUIRE(message->has_value());
    BOOST_REQUIRE_EQUAL((**message).type, static_cast<int>(type));
    return std::move(**message);
  }
  /// errno of the start; the descriptors go to `fds`.
  static int started(Channel& from, std::uint32_t token, std::vector<UniqueFd>* fds = nullptr) {
    auto message = next(from, GuardMessage::started);
    Decoder in(message.payload);
    BOOST_CHECK_EQUAL(in.u32(), token);
    if (fds != nullptr) *fds = std::move(message.fds);
    return in.i32();
  }
  static Exited exited(Channel& from) {
    const auto message = next(from, GuardMessage::exited);
    Decoder in(message.payload);
    Exited result{in.u32(), in.i32(), in.u64(), in.u64(), in.u64()};
    BOOST_CHECK(in.ok());
    return result;
  }

  GuardedRun run;
  std::unique_ptr<ProcessTable> table;
  std::unique_ptr<InitServer> server;
  std::unique_ptr<Containments> containments;
  Channel channel;
};

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

}  // namespace containment_bench
using namespace containment_bench;

BOOST_AUTO_TEST_SUITE(containment)

BOOST_DATA_TEST_CASE(exit_status_and_usage_are_told, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  bench.ask(bench.channel, 7, flag(StartFlag::null_stdio), {"sh", "-c", "exit 3"});
  std::vector<UniqueFd> fds;
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 7, &fds), 0);
  BOOST_REQUIRE_EQUAL(fds.size(), 1);
  const auto end = Bench::exited(bench.channel);
  BOOST_CHECK_EQUAL(end.token, 7);
  BOOST_CHECK(WIFEXITED(end.status));
  BOOST_CHECK_EQUAL(WEXITSTATUS(end.status), 3);
  BOOST_CHECK_GT(end.max_rss, 100'000);
  BOOST_CHECK(pidfd_ended(fds[0].get(), 5000));
}

BOOST_AUTO_TEST_CASE(signals_reach_the_one_named) {
  Bench bench;
  bench.ask(bench.channel, 1, 0, {"sleep", bench.run.mark});
  bench.ask(bench.channel, 2, 0, {"sleep", bench.run.mark});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 1), 0);
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 2), 0);
  std::vector<std::byte> payload;
  Encoder out(payload);
  out.u32(2);
  out.i32(SIGTERM);
  BOOST_REQUIRE(bench.channel.send(static_cast<std::uint16_t>(GuardMessage::signal), payload));
  const auto end = Bench::exited(bench.channel);
  BOOST_CHECK_EQUAL(end.token, 2);
  BOOST_CHECK(WIFSIGNALED(end.status));
  BOOST_CHECK_EQUAL(WTERMSIG(end.status), SIGTERM);
  BOOST_CHECK(eventually([&] { return bench.run.marked() == 1; }));
}

BOOST_AUTO_TEST_CASE(failed_starts_say_why) {
  Bench bench;
  bench.ask(bench.channel, 1, 0, {"/nowhere/at/all"});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 1), ENOENT);
  bench.ask(bench.channel, 2, 0, {"/etc/passwd"});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 2), EACCES);
  bench.ask(bench.channel, 3, 0, {"sh"}, {}, {}, "/nowhere/at/all");
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 3), ENOENT);
  bench.ask(bench.channel, 4, 0, {});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 4), EINVAL);
  bench.ask(bench.channel, 5, 0, {"sh", "-c", std::string(100'000, ' ')});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 5), E2BIG);
  bench.ask(bench.channel, 6, 0, {"true"});
  BOOST_CHECK_EQUAL(Bench::started(bench.channel, 6), 0);
}

BOOST_DATA_TEST_CASE(pipes_environment_and_folder, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  bench.ask(bench.channel, 1, flag(StartFlag::pipes),
            {"sh", "-c", "read x; echo $x $ADDED $ORDEAL_RUN_ID; pwd; echo no >&2"},
            {"ADDED=more", "ORDEAL_RUN_ID=forged"}, {}, "/");
  std::vector<UniqueFd> fds;
  BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1, &fds), 0);
  BOOST_REQUIRE_EQUAL(fds.size(), 4);
  BOOST_REQUIRE_EQUAL(::write(fds[1].get(), "in\n", 3), 3);
  BOOST_CHECK_EQUAL(read_all(fds[2].get()), "in more " + bench.run.id + "\n/\n");
  BOOST_CHECK_EQUAL(read_all(fds[3].get()), "no\n");
}

BOOST_AUTO_TEST_CASE(descriptors_arrive_in_order_and_no_others) {
  Bench bench;
  const std::string path = bench.run.dir + "/out";
  std::vector<UniqueFd> files;
  for (int i = 0; i < 5; ++i)
    files.emplace_back(
        ::open((path + std::to_string(i)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto raw = [&](int from, int n) {
    std::vector<int> fds;
    for (int i = from; i < from + n; ++i) fds.push_back(files[static_cast<std::size_t>(i)].get());
    return fds;
  };
  const std::string list = "cd /proc/self/fd; for f in *; do [ -e $f ] && echo $f; done";
  bench.ask(bench.channel, 1, flag(StartFlag::stdio_fds),
            {"sh", "-c", "echo one; echo two >&2; echo three >&3; " + list + " >&4"}, {},
            raw(0, 5));
  BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1), 0);
  BOOST_CHECK_EQUAL(WEXITSTATUS(Bench::exited(bench.channel).status), 1);  // of the last [ -e
  BOOST_CHECK_EQUAL(slurp(path + "1"), "one\n");
  BOOST_CHECK_EQUAL(slurp(path + "2"), "two\n");
  BOOST_CHECK_EQUAL(slurp(path + "3"), "three\n");
}

BOOST_DATA_TEST_CASE(cell_may_ask_the_init_too, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  // The "cell" is this shell, which hands its init channel (4) back to us over 3: we play its part.
  auto cell = Channel::pair();
  BOOST_REQUIRE(cell);
  const int theirs = cell->second.fd();
  bench.ask(bench.channel, 1, flag(StartFlag::init_channel) | flag(StartFlag::null_stdio),
            {ORDEAL_BUILD_DIR "/bin/ordeal-fake-controller", "--pass-channel"}, {},
            std::span(&theirs, 1));
  std::vector<UniqueFd> fds;
  BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1, &fds), 0);
  cell->second = Channel();
  auto passed = cell->first.receive_for(15000);
  BOOST_REQUIRE(passed);
  BOOST_REQUIRE(passed->has_value());
  BOOST_REQUIRE_EQUAL((**passed).fds.size(), 1);
  Channel init(std::move((**passed).fds[0]));

  bench.ask(init, 1, flag(StartFlag::pipes),
            {"sh", "-c", "pwd; exit 4"});  // the cell's own token 1
  std::vector<UniqueFd> pipes;
  BOOST_REQUIRE_EQUAL(Bench::started(init, 1, &pipes), 0);
  BOOST_REQUIRE_EQUAL(pipes.size(), 4);
  BOOST_CHECK_EQUAL(read_all(pipes[2].get()), bench.run.dir + "\n");
  BOOST_CHECK_EQUAL(WEXITSTATUS(Bench::exited(init).status), 4);

  // What a cell asked for ends with its channel.
  bench.ask(init, 2, 0, {"sleep", bench.run.mark});
  BOOST_REQUIRE_EQUAL(Bench::started(init, 2), 0);
  BOOST_CHECK(eventually([&] { return bench.run.marked() == 1; }));
  BOOST_REQUIRE_EQUAL(signal_pidfd(fds[0].get(), SIGKILL), 0);
  init = Channel();
  BOOST_CHECK(eventually([&] { return bench.run.marked() == 0; }));
  BOOST_CHECK_EQUAL(WTERMSIG(Bench::exited(bench.channel).status), SIGKILL);
}

BOOST_DATA_TEST_CASE(kill_ends_hostile_trees, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  bench.ask(bench.channel, 1, 0, {"sh", "-c", bench.run.hostile_tree()});
  BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1), 0);
  bench.run.wait_for_tree();
  BOOST_CHECK(bench.end());
  BOOST_CHECK_EQUAL(bench.run.marked(), 0);
}

BOOST_DATA_TEST_CASE(dead_init_takes_the_tree_along, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  bench.ask(bench.channel, 1, 0, {"sh", "-c", bench.run.hostile_tree()});
  BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1), 0);
  bench.run.wait_for_tree();
  Containment* containment = bench.containments->find(1);
  BOOST_REQUIRE(containment != nullptr);
  BOOST_REQUIRE_EQUAL(signal_pidfd(containment->pidfd, SIGKILL), 0);
  BOOST_CHECK(eventually([&] {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
      bench.containments->reaped(pid, status);
    bench.containments->step({});
    return bench.containments->alive() == 0;
  }));
  BOOST_CHECK(!containment->asked);
  BOOST_CHECK_EQUAL(bench.run.marked(), 0);
}

BOOST_AUTO_TEST_CASE(load_has_its_own_proc_and_service_the_hosts) {
  for (const auto kind : {ContainmentKind::load, ContainmentKind::service}) {
    Bench bench(0, kind);
    bench.ask(bench.channel, 1, flag(StartFlag::pipes), {"cat", "/proc/1/comm"});
    std::vector<UniqueFd> fds;
    BOOST_REQUIRE_EQUAL(Bench::started(bench.channel, 1, &fds), 0);
    BOOST_REQUIRE_EQUAL(fds.size(), 4);
    const bool own = read_all(fds[2].get()) == "ordeal-init\n";
    BOOST_CHECK_EQUAL(own, bench.containments->plan_for(kind).has_fresh_proc);
    if (kind == ContainmentKind::service) BOOST_CHECK(!own);
  }
}

BOOST_AUTO_TEST_CASE(ids_are_not_used_twice) {
  Bench bench;
  int fd = -1;
  BOOST_CHECK_EQUAL(bench.containments->make(ContainmentKind::load, 1, fd), EEXIST);
  BOOST_CHECK_EQUAL(fd, -1);
}

BOOST_DATA_TEST_CASE(drill_passes, data::make(every_tier), tier) {
  if (!offers_tier(tier)) return;
  Bench bench(tier);
  const auto result = kill_drill(*bench.containments, ContainmentKind::load);
  BOOST_CHECK_MESSAGE(result.passed, result.why << " after " << result.ns << " ns");
  BOOST_CHECK_GT(result.ns, 0);
}

BOOST_AUTO_TEST_SUITE_END()
