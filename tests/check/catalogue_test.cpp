// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/files.h"
#include "cell/check/cases.h"
#include "check/check_output.h"
#include "places.h"

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(catalogue)

BOOST_AUTO_TEST_CASE(names_are_unique_and_needs_come_first) {
  std::set<std::string> seen;
  for (const CheckCase& one : check_catalogue()) {
    BOOST_TEST_CONTEXT(one.name) {
      for (const std::string& need : one.needs) {
        BOOST_TEST(seen.contains(need));
        BOOST_TEST(find_check_case(need)->level <= one.level);
      }
      BOOST_TEST(seen.insert(one.name).second);
      BOOST_TEST((one.level >= 1 && one.level <= check_levels));
      BOOST_TEST(!one.about.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_cell_has_a_function_for_every_case_of_a_process) {
  for (const CheckCase& one : check_catalogue()) BOOST_TEST_CONTEXT(one.name) {
      BOOST_TEST((check::find_case(one.name) != nullptr) == !one.in_front);
    }
  BOOST_TEST((check::find_case("no-such-case") == nullptr));
}

BOOST_AUTO_TEST_CASE(the_manual_names_every_case_and_level) {
  const auto page =
      read_file(std::string(ORDEAL_SOURCE_DIR) + "/packaging/man/ordeal.1", ExitCode::internal);
  BOOST_REQUIRE(page);
  for (const CheckCase& one : check_catalogue()) BOOST_TEST_CONTEXT(one.name) {
      BOOST_TEST(page->find(".Cm " + one.name) != std::string::npos);
      BOOST_TEST(check_list().find("  " + one.name + " ") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
