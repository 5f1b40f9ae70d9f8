// SPDX-License-Identifier: Apache-2.0
#include "analysis/health.h"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace ordeal;

namespace {

SensorReading sensor(const char* name, double base, double stop, std::optional<double> value,
                     bool falls = false) {
  return {name, "group", "metric", base, stop, value, falls};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health)

BOOST_AUTO_TEST_CASE(a_score_is_the_share_of_the_margin_left) {
  BOOST_TEST(sensor_score(sensor("m", 20, 80, 20)).value() == 100.0);
  BOOST_TEST(sensor_score(sensor("m", 20, 80, 50)).value() == 50.0);
  BOOST_TEST(sensor_score(sensor("m", 20, 80, 80)).value() == 0.0);
  BOOST_TEST(sensor_score(sensor("m", 20, 80, 95)).value() == 0.0);
  BOOST_TEST(sensor_score(sensor("m", 20, 80, 5)).value() == 100.0);
}

BOOST_AUTO_TEST_CASE(falling_sensors_count_the_other_way) {
  BOOST_TEST(sensor_score(sensor("free", 8e9, 2e9, 5e9, true)).value() == 50.0);
  BOOST_TEST(sensor_score(sensor("free", 8e9, 2e9, 1e9, true)).value() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_base_beyond_the_stop_leaves_nothing) {
  BOOST_TEST(sensor_score(sensor("m", 90, 80, 10)).value() == 0.0);
  BOOST_TEST(sensor_score(sensor("m", 80, 80, 80)).value() == 0.0);
  BOOST_TEST(sensor_score(sensor("free", 1e9, 2e9, 3e9, true)).value() == 0.0);
}

BOOST_AUTO_TEST_CASE(the_weakest_sensor_is_the_score_and_is_named) {
  const SensorReading sensors[] = {sensor("cpu", 0, 100, 10), sensor("memory", 0, 100, 65),
                                   sensor("disk", 0, 100, 45)};
  const auto health = health_score(sensors);
  BOOST_TEST(health.score.value() == 35.0);
  BOOST_TEST(health.weakest == "memory");
  BOOST_TEST(health.mean.value() == 60.0);
  BOOST_TEST(health.scores.size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_data_no_score) {
  BOOST_TEST(!health_score({}).score.has_value());
  for (const auto value :
       {std::optional<double>(), std::optional<double>(std::numeric_limits<double>::quiet_NaN())}) {
    const SensorReading sensors[] = {sensor("cpu", 0, 100, 10), sensor("memory", 0, 100, value),
                                     sensor("disk", 0, 100, 5)};
    const auto health = health_score(sensors);
    BOOST_TEST(!health.score.has_value());
    BOOST_TEST(!health.mean.has_value());
    BOOST_TEST(health.weakest == "memory");
    BOOST_TEST(health.scores.at(0).value() == 90.0);
    BOOST_TEST(health_status(health.score) == "NO_DATA");
  }
}

BOOST_AUTO_TEST_CASE(words_for_scores) {
  BOOST_TEST(health_status(90) == "EXCELLENT");
  BOOST_TEST(health_status(89.9) == "GOOD");
  BOOST_TEST(health_status(70) == "ACCEPTABLE");
  BOOST_TEST(health_status(60) == "CAUTION");
  BOOST_TEST(health_status(59) == "NOT_READY");
}

BOOST_AUTO_TEST_SUITE_END()
