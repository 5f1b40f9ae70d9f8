// SPDX-License-Identifier: Apache-2.0
// Which process maps a plugin: ordeal-cell, and no other.
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <sstream>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;

BOOST_AUTO_TEST_SUITE(isolation)

BOOST_AUTO_TEST_CASE(only_cells_map_plugins) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string trace = ordeal.file("trace");
  std::vector<std::string> command{"strace",
                                   "-f",
                                   "-y",
                                   "-qq",
                                   "-e",
                                   "trace=execve,openat,mmap",
                                   "-e",
                                   "signal=none",
                                   "-o",
                                   trace,
                                   Installed::ordeal(),
                                   "run",
                                   "quick",
                                   "--yes",
                                   "--set",
                                   "target.http=" + nginx.url(),
                                   "--set",
                                   "phases.0.duration=2s",
                                   "--set",
                                   "phases.0.warm_up=0s",
                                   "--set",
                                   "baseline.duration=500ms"};
  const auto run = testing::run(command, ordeal.environment(), ordeal.folder(), 120);
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST((run.code == 0 || run.code == 99 || run.code == 114));
  }

  std::map<std::string, std::string> program;  // by pid as strace names it
  std::set<std::string> mapping;               // programs that map a plugin executable
  std::set<std::string> plugins;
  std::istringstream lines(slurp(trace));
  for (std::string line; std::getline(lines, line);) {
    const std::string pid = line.substr(0, line.find(' '));
    if (contains(line, "execve(\"") && contains(line, "= 0")) {
      const auto start = line.find("execve(\"") + 8;
      program[pid] = line.substr(start, line.find('"', start) - start);
    }
    if (!contains(line, "mmap(") || !contains(line, "PROT_EXEC") ||
        !contains(line, "/ordeal/plugins/"))
      continue;
    const auto start = line.find("/ordeal/plugins/");
    plugins.insert(line.substr(start + 16, line.find('>', start) - start - 16));
    mapping.insert(program.contains(pid) ? program[pid] : "pid " + pid + " that never called exec");
  }
  // http, system, and three reports at least.
  BOOST_TEST(plugins.size() >= 5u);
  BOOST_TEST(mapping.size() == 1u);
  for (const auto& path : mapping)
    BOOST_TEST(path == Installed::prefix() + "/libexec/ordeal/ordeal-cell");
}

BOOST_AUTO_TEST_SUITE_END()
