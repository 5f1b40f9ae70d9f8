// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "campaign/load_fact.h"

using namespace ordeal;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct Given {
  Given() {
    campaign.load.resize(1);
    campaign.load[0].scenario = "http";
    plan.duration = 2min;
    plan.timeout = 10s;
    specs.resize(1);
  }
  json::object fact() { return load_model_fact(campaign, plan, specs); }
  std::string text() { return std::string(fact().at("text").as_string()); }
  Campaign campaign;
  PhasePlan plan;
  std::vector<LoadSpec> specs;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(load_fact, Given)

BOOST_AUTO_TEST_CASE(closed_load_in_words_and_as_data) {
  plan.connections = 4;
  plan.think = {ThinkTime::Shape::uniform, 50'000'000, 150'000'000};
  plan.operations_per_connection = 1;
  plan.max_operations = 900;
  BOOST_TEST(text() ==
             "closed: as fast as the answers come, thinking 50ms to 150ms, a new connection after "
             "1 operation, at most 900 operations; 4 connections; timeout 10s");
  const auto all = fact();
  BOOST_TEST(all.at("arrivals").is_null());
  BOOST_TEST(all.at("think").at("mean").as_double() == 0.1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(all.at("renewed_after").to_number<int>() == 1);
  BOOST_TEST(all.at("entries").at(0).at("rate").is_null());
}

BOOST_AUTO_TEST_CASE(open_load_in_words_and_as_data) {
  plan.connections = 1;
  plan.rate = 550;
  plan.rates = {{100, 1000, 2min}};
  plan.poisson = true;
  plan.warm_up = 5s;
  specs[0].model = LoadSpec::Model::open;
  specs[0].rate = 550;
  BOOST_TEST(text() ==
             "open: 100/s to 1000/s over 2m, at random (Poisson); 1 connection; timeout 10s; the "
             "first 5s not counted");
  BOOST_TEST(fact().at("arrivals").as_string() == "poisson");
  BOOST_TEST(fact().at("rates").as_array().size() == 1u);
  BOOST_TEST(fact().at("entries").at(0).at("rate").as_double() == 550);
}

BOOST_AUTO_TEST_CASE(recorded_arrivals_name_their_file_and_speed) {
  plan.connections = 2;
  plan.arrivals_file = "/data/monday.csv";
  plan.recorded = 139;
  plan.rate = 7;
  plan.speed = 2;
  specs[0].model = LoadSpec::Model::open;
  specs[0].arrivals = LoadSpec::Arrivals::recorded;
  BOOST_TEST(text() ==
             "open: 139 recorded arrivals of monday.csv at 2 times their speed; 2 connections; "
             "timeout 10s");
  BOOST_TEST(fact().at("recorded").at("file").as_string() == "/data/monday.csv");
  BOOST_TEST(fact().at("entries").at(0).at("rate").is_null());
}

BOOST_AUTO_TEST_CASE(what_an_entry_adds) {
  LoadEntry& entry = campaign.load[0];
  BOOST_TEST(entry_text(entry, 1) == "1 worker");
  entry.workers = 3;
  entry.cores = {4, 5};
  entry.mix = {{"get", 8}, {"save", 2.5}};
  entry.feeder = FeederSpec{"/data/users.csv", {}, FeederSpec::Order::unique, true};
  entry.timeouts = {{{"get", {}}, 1500ms}};
  entry.retry = {4, 1u << 1 | 1u << 4, 1'000'000};
  BOOST_TEST(entry_text(entry, 3) ==
             "3 workers on cores 4 and 5; mix 8 get, 2.5 save; records of users.csv, each at most "
             "once; timeout 1s500ms for get; at most 4 attempts, again after fail or throttled, "
             "backoff 1ms doubling");
  specs[0].sessions = 2;
  specs[0].retry = entry.retry;
  specs[0].timeouts = {{"get", 1'500'000'000}};
  const auto all = fact();
  const json::value& one = all.at("entries").at(0);
  BOOST_TEST(one.at("workers").to_number<int>() == 2, "no more than there are connections");
  BOOST_TEST(one.at("retry").at("on").as_array().size() == 2u);
  BOOST_TEST(one.at("timeouts").at("get").as_double() == 1.5);
  BOOST_TEST(one.at("feeder").at("order").as_string() == "unique");
}

BOOST_AUTO_TEST_SUITE_END()
