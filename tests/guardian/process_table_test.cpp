// SPDX-License-Identifier: Apache-2.0
#include "guardian/process_table.h"

#include <unistd.h>

#include <memory>

#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

BOOST_AUTO_TEST_SUITE(process_table)

BOOST_AUTO_TEST_CASE(finds_descendants_and_spares_some) {
  GuardedRun run;
  ::setenv(run_id_variable, run.id.c_str(), 1);
  pid_t shells[2];
  for (auto& shell : shells) {
    shell = ::fork();
    if (shell == 0) {
      const std::string command = "setsid sleep " + run.mark + " & wait";
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ::unsetenv(run_id_variable);
  BOOST_REQUIRE(eventually([&] { return run.marked() == 2; }));
  const auto table = std::make_unique<ProcessTable>();
  BOOST_REQUIRE_EQUAL(table->open(), 0);
  BOOST_REQUIRE(table->scan());
  BOOST_CHECK_EQUAL(table->mark_descendants(::getpid(), std::span(shells, 1)), 2);
  BOOST_CHECK_EQUAL(table->mark_descendants(shells[0]), 1);
  BOOST_REQUIRE(table->scan());  // forgets marks
  BOOST_CHECK(table->first_marked() == nullptr);
  BOOST_CHECK_EQUAL(table->mark_descendants(shells[1]), 1);
  BOOST_CHECK_EQUAL(table->kill_marked(), 1);
  BOOST_CHECK(eventually([&] { return run.marked() == 1; }));
  // The first tree is untouched.
  BOOST_REQUIRE(table->scan());
  BOOST_CHECK_EQUAL(table->mark_descendants(shells[0]), 1);
}

BOOST_AUTO_TEST_SUITE_END()
