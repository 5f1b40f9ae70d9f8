// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "ordeal/testing/captures.hpp"
#include "ordeal/testing/instance.hpp"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"
#include "plugins/proc_tree.h"

using ordeal::testing::FakeHost;
using ordeal::testing::Instance;
using ordeal::testing::PluginFile;
using ordeal::testing::Pull;

namespace {

const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));

std::string stat_line(int pid, const std::string& comm, char state, int user, int system,
                      int threads, long start, long pages) {
  return std::to_string(pid) + " (" + comm + ") " + state + " 1 1 1 0 -1 4194304 100 0 0 0 " +
         std::to_string(user) + " " + std::to_string(system) + " 0 0 20 0 " +
         std::to_string(threads) + " 0 " + std::to_string(start) + " 100000000 " +
         std::to_string(pages) + " 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n";
}

struct Fixture {
  Fixture()
      : plugin(std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal.process.so"),
        factory(plugin.factory<ordeal_collector_factory>(ORDEAL_COLLECTOR)) {
    host.clock().freeze(1'000'000'000);
    tree.write("stat", "cpu 1\nbtime 1700000000\n");
    process(42, "my (odd) server", 'S', 150, 50, 7, 5000, 300);
    tree.write("42/io", "rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\n");
    for (const char* fd : {"0", "1", "2", "17"}) tree.write(std::string("42/fd/") + fd, "");
  }
  void process(int pid, const std::string& comm, char state, int user, int system, int threads,
               long start, long pages) const {
    tree.write(std::to_string(pid) + "/stat",
               stat_line(pid, comm, state, user, system, threads, start, pages));
  }
  [[nodiscard]] std::string config(const std::string& keys) const {
    return R"({"proc":")" + tree.path() + R"(",)" + keys + "}";
  }

  PluginFile plugin;
  const ordeal_collector_factory* factory;
  FakeHost host;
  ProcTree tree;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(collector_process, Fixture)

BOOST_AUTO_TEST_CASE(every_value_of_a_known_process) {
  Instance collector(factory, host, "process", config(R"("pids":[42])"));
  const Pull pull(factory, collector.get());
  BOOST_REQUIRE(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.undeclared == 0U);
  const std::string of = "my (odd) server,42";
  BOOST_TEST(pull.get("ordeal_process_up", of).value() == 1);
  BOOST_TEST(pull.get("process_resident_memory_bytes", of).value() == 300 * page);
  BOOST_TEST(pull.get("process_cpu_seconds_total", of).value() == 200 / ticks);
  BOOST_TEST(pull.get("process_open_fds", of).value() == 4);
  BOOST_TEST(pull.get("process_threads", of).value() == 7);
  BOOST_TEST(pull.get("process_read_bytes_total", of).value() == 4096);
  BOOST_TEST(pull.get("process_write_bytes_total", of).value() == 8192);
  BOOST_TEST(pull.get("process_start_time_seconds", of).value() == 1700000000 + 5000 / ticks);
  BOOST_TEST(!pull.get("ordeal_process_cpu_ratio", of).has_value());
}

BOOST_AUTO_TEST_CASE(cpu_ratio_is_that_of_the_time_between_two_readings) {
  Instance collector(factory, host, "process", config(R"("pids":[42],"name":"db,main")"));
  BOOST_REQUIRE(Pull(factory, collector.get()).status == ORDEAL_OK);
  host.clock().advance(2'000'000'000);
  process(42, "my (odd) server", 'R', 150 + static_cast<int>(3 * ticks), 50, 7, 5000, 300);
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.get("ordeal_process_cpu_ratio", "db%2Cmain,42").value() == 1.5,
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_out) {
  tree.remove("42/io");
  tree.remove("42/fd");
  Instance collector(factory, host, "process", config(R"("pids":[42],"name":"db")"));
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.get("process_threads", "db,42").value() == 7);
  BOOST_TEST(pull.values.count("process_open_fds") == 0U);
  BOOST_TEST(pull.values.count("process_read_bytes_total") == 0U);
}

BOOST_AUTO_TEST_CASE(a_vanished_process_has_nothing_but_up_zero) {
  Instance collector(factory, host, "process", config(R"("pids":[42],"name":"db")"));
  BOOST_REQUIRE(Pull(factory, collector.get()).get("ordeal_process_up", "db,42").value() == 1);
  tree.remove("42");
  const Pull gone(factory, collector.get());
  BOOST_TEST(gone.status == ORDEAL_OK);
  BOOST_TEST(gone.get("ordeal_process_up", "db,42").value() == 0);
  BOOST_TEST(gone.values.size() == 1U);
  BOOST_TEST(host.logged("process 42 is not there", ORDEAL_LOG_WARNING));
}

BOOST_AUTO_TEST_CASE(a_zombie_is_down) {
  process(42, "my server", 'Z', 1, 1, 1, 5000, 0);
  Instance collector(factory, host, "process", config(R"("pids":[42],"name":"db")"));
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.get("ordeal_process_up", "db,42").value() == 0);
  BOOST_TEST(pull.values.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_reused_pid_is_a_stranger) {
  Instance collector(factory, host, "process", config(R"("pids":[42],"name":"db")"));
  BOOST_REQUIRE(Pull(factory, collector.get()).get("ordeal_process_up", "db,42").value() == 1);
  process(42, "stranger", 'S', 1, 1, 1, 9000, 10);
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.get("ordeal_process_up", "db,42").value() == 0);
  BOOST_TEST(pull.values.count("process_resident_memory_bytes") == 0U);
}

BOOST_AUTO_TEST_CASE(a_pid_file_is_followed) {
  tree.write("run.pid", "42\n");
  Instance collector(factory, host, "process",
                     config(R"("name":"db","pid_file":")" + tree.path("run.pid") + R"(")"));
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_process_up", "db,42").value() == 1);
  // restarted under another number
  process(43, "my server", 'S', 1, 0, 2, 9000, 11);
  tree.remove("42");
  tree.write("run.pid", "43\n");
  const Pull second(factory, collector.get());
  BOOST_TEST(second.get("ordeal_process_up", "db,43").value() == 1);
  BOOST_TEST(second.get("process_resident_memory_bytes", "db,43").value() == 11 * page);
  BOOST_TEST(!second.get("ordeal_process_up", "db,42").has_value());
  // restarted under the same number: a new process, so no ratio across the two
  host.clock().advance(1'000'000'000);
  process(43, "my server", 'S', 500, 0, 2, 9999, 12);
  const Pull third(factory, collector.get());
  BOOST_TEST(third.get("process_resident_memory_bytes", "db,43").value() == 12 * page);
  BOOST_TEST(third.values.count("ordeal_process_cpu_ratio") == 0U);
  // no pid file any more, the process still there
  tree.remove("run.pid");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_process_up", "db,43").value() == 1);
  BOOST_TEST(host.logged("no process id in", ORDEAL_LOG_WARNING));
}

BOOST_AUTO_TEST_CASE(no_pid_file_yet_is_down) {
  Instance collector(factory, host, "process",
                     config(R"("name":"db","pid_file":")" + tree.path("later.pid") + R"(")"));
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.get("ordeal_process_up", "db,").value() == 0);
  tree.write("later.pid", "42");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_process_up", "db,42").value() == 1);
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused) {
  void* instance = nullptr;
  for (const char* bad :
       {"", "{}", R"({"pids":[0]})", R"({"pids":["1"]})", R"({"pids":7})",
        R"({"pids":[99999999999]})", R"({"pids":[1],"who":1})", R"({"pids":[],"pid_file":""})"}) {
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(factory->create(host.handle(), ordeal::abi::str("process"), ordeal::abi::str(bad),
                                 &instance) == ORDEAL_E_INVALID);
      BOOST_TEST(!host.take_error().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(this_process) {
  const std::string pid = std::to_string(::getpid());
  Instance collector(factory, host, "process", R"({"name":"me","pids":[)" + pid + "]}");
  const Pull before(factory, collector.get());
  BOOST_REQUIRE(before.get("ordeal_process_up", "me," + pid).value() == 1);
  BOOST_TEST(before.get("process_resident_memory_bytes", "me," + pid).value() > 1e6);
  BOOST_TEST(before.get("process_threads", "me," + pid).value() >= 1);
  const double fds = before.get("process_open_fds", "me," + pid).value();
  std::vector<int> opened;
  for (int i = 0; i < 20; ++i) opened.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Pull after(factory, collector.get());
  BOOST_TEST(after.get("process_open_fds", "me," + pid).value() == fds + 20);
  for (const int fd : opened) ::close(fd);
  const double start = before.get("process_start_time_seconds", "me," + pid).value();
  BOOST_TEST(start > 1.5e9);
  BOOST_TEST(start < static_cast<double>(::time(nullptr)) + 5);
}

BOOST_AUTO_TEST_CASE(a_child_that_ends) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::string pid = std::to_string(child);
  Instance collector(factory, host, "process", R"({"name":"child","pids":[)" + pid + "]}");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_process_up", "child," + pid).value() == 1);
  ::kill(child, SIGKILL);
  BOOST_REQUIRE(::waitpid(child, nullptr, 0) == child);
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_process_up", "child," + pid).value() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
