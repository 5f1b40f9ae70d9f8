// SPDX-License-Identifier: Apache-2.0
#include "campaign/quota_use.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(quota_use)

BOOST_AUTO_TEST_CASE(reads_both_versions) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("ordeal-cpu-stat-" + std::to_string(::getpid())))
          .string();
  std::ofstream(path) << "nr_periods 40\nnr_throttled 3\nthrottled_time 7000000\nnr_bursts 0\n";
  QuotaUse use = ordeal::quota_use(path);
  BOOST_TEST(use.periods == 40);
  BOOST_TEST(use.throttled == 3);
  BOOST_TEST(use.throttled_ns == 7'000'000);
  std::ofstream(path) << "usage_usec 9\nuser_usec 5\nnr_periods 41\nnr_throttled 4\n"
                         "throttled_usec 8000\n";
  use = ordeal::quota_use(path);
  BOOST_TEST(use.periods == 41);
  BOOST_TEST(use.throttled == 4);
  BOOST_TEST(use.throttled_ns == 8'000'000);
  std::filesystem::remove(path);
  BOOST_TEST(ordeal::quota_use(path).periods == 0);
  BOOST_TEST(ordeal::quota_use("").periods == 0);
}

BOOST_AUTO_TEST_SUITE_END()
