// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

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

struct Fixture {
  Fixture()
      : plugin(std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal.process.so"),
        factory(plugin.factory<ordeal_collector_factory>(ORDEAL_COLLECTOR)) {
    tree.write("uptime", "1000.00 4000.00\n");
  }
  /// `program` is what its link exe ends in.
  void process(int pid, int parent, const std::string& comm, const std::string& program,
               double age_s, long pages, char state = 'S') const {
    const std::string folder = std::to_string(pid);
    tree.write(folder + "/stat",
               folder + " (" + comm + ") " + state + " " + std::to_string(parent) +
                   " 1 1 0 -1 4194304 100 0 0 0 5 5 0 0 20 0 1 0 " +
                   std::to_string(static_cast<long>((1000 - age_s) * ticks)) + " 100000000 " +
                   std::to_string(pages) + " 18446744073709551615\n");
    std::filesystem::remove(tree.path(folder + "/exe"));
    std::filesystem::create_symlink("/usr/libexec/ordeal/" + program, tree.path(folder + "/exe"));
  }
  void a_run() const {
    std::filesystem::create_symlink("31", tree.path("self"));
    process(1, 0, "systemd", "systemd", 1000, 100);
    process(10, 1, "ordeal", "ordeal", 500, 200);  // the front, outside
    process(20, 10, "ordeal-guardian", "ordeal-guardian", 400, 10);
    process(21, 20, "ordeal-control", "ordeal", 399, 300);
    process(30, 20, "ordeal-init", "ordeal-guardian", 398, 10);
    process(31, 30, "service", "ordeal-cell", 397, 400);
    process(40, 20, "ordeal-init", "ordeal-guardian", 60, 10);
    process(41, 40, "load-0-http", "ordeal-cell", 59, 500);
    process(42, 40, "my (odd), tool", "tool", 50, 600);
    process(43, 42, "load-0-http", "ordeal-cell", 40, 20);  // below a tool: the tool's
    process(44, 40, "ordeal-init", "sleep", 30, 20);        // a name that says nothing
    process(45, 41, "gone", "tool", 30, 20, 'Z');
    process(99, 1, "tool", "tool", 900, 9999);  // not of the run
  }
  [[nodiscard]] std::string config() const { return R"({"proc":")" + tree.path() + "\"}"; }

  PluginFile plugin;
  const ordeal_collector_factory* factory;
  FakeHost host;
  ProcTree tree;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(collector_run_processes, Fixture)

BOOST_AUTO_TEST_CASE(the_run_is_what_is_below_its_guardian) {
  a_run();
  Instance collector(factory, host, "run-processes", config());
  const Pull pull(factory, collector.get());
  BOOST_REQUIRE(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.undeclared == 0U);
  const char* const count = "ordeal_run_processes";
  BOOST_TEST(pull.get(count, "control").value() == 4);
  BOOST_TEST(pull.get(count, "service").value() == 1);
  BOOST_TEST(pull.get(count, "load").value() == 1);
  BOOST_TEST(pull.get(count, "started").value() == 3);
  const char* const memory = "ordeal_run_process_resident_bytes";
  BOOST_TEST(pull.get(memory, "load,load-0-http,41").value() == 500 * page);
  BOOST_TEST(pull.get(memory, "started,my (odd)%2C tool,42").value() == 600 * page);
  BOOST_TEST(pull.values.at(memory).size() == 9U);
  const char* const age = "ordeal_run_process_age_seconds";
  BOOST_TEST(pull.get(age, "started,my (odd)%2C tool,42").value() == 50,
             boost::test_tools::tolerance(1e-6));
  BOOST_TEST(pull.get(age, "started,ordeal-init,44").value() == 30,
             boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(a_storm_of_processes_is_counted_but_not_listed) {
  a_run();
  for (int i = 0; i < 300; ++i) process(1000 + i, 41, "fork", "tool", 20, 1);
  process(2000, 41, "large", "tool", 1, 5000);
  process(2001, 41, "old", "tool", 58, 1);
  Instance collector(factory, host, "run-processes", config());
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.get("ordeal_run_processes", "started").value() == 305);
  BOOST_TEST(pull.values.at("ordeal_run_process_resident_bytes").size() == 100U);
  BOOST_TEST(pull.values.at("ordeal_run_process_age_seconds").size() == 100U);
  BOOST_TEST(pull.get("ordeal_run_process_resident_bytes", "started,large,2000").has_value());
  BOOST_TEST(pull.get("ordeal_run_process_age_seconds", "started,old,2001").has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_an_error_not_an_empty_run) {
  Instance collector(factory, host, "run-processes", config());
  BOOST_TEST(Pull(factory, collector.get()).status == ORDEAL_E_IO);
  a_run();
  tree.remove("30");  // an ancestor
  BOOST_TEST(Pull(factory, collector.get()).status == ORDEAL_E_IO);
  tree.remove("uptime");
  BOOST_TEST(Pull(factory, collector.get()).status == ORDEAL_E_IO);
}

BOOST_AUTO_TEST_CASE(without_a_guardian_it_is_this_process_and_its_children) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  Instance collector(factory, host, "run-processes", "{}");
  const Pull pull(factory, collector.get());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_REQUIRE(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.get("ordeal_run_processes", "service").value() == 1);
  BOOST_TEST(pull.get("ordeal_run_processes", "started").value() == 1);
  BOOST_TEST(pull.get("ordeal_run_processes", "control").value() == 0);
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused) {
  void* instance = nullptr;
  for (const char* bad : {"", "[]", R"({"proc":""})", R"({"proc":1})", R"({"pids":[1]})"}) {
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(factory->create(host.handle(), ordeal::abi::str("run-processes"),
                                 ordeal::abi::str(bad), &instance) == ORDEAL_E_INVALID);
      BOOST_TEST(!host.take_error().empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
