// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_workers.h"

#include <sched.h>

#include <boost/test/unit_test.hpp>

#include "campaign/campaign_registry.h"

using namespace ordeal;

namespace {

Result<Campaign> read(const std::string& keys) {
  static const CampaignRegistry registry;
  const std::string text =
      "{\"campaign\": \"c\", \"target\": {\"http\": \"http://127.0.0.1:1\"},\n"
      " \"load\": [{\"scenario\": \"http\"" +
      keys +
      "},\n  {\"scenario\": \"http\"}],\n \"phases\": [{\"name\": \"p\", \"duration\": \"1m\"}]}";
  return parse_effective(text, "file.json", {}, registry.get());
}

void refused(const std::string& keys, const std::string& pointer, const std::string& words) {
  const auto got = read(keys);
  BOOST_TEST_REQUIRE(!got, keys);
  const Error& error = got.error();
  BOOST_TEST((error.code == ExitCode::invalid_config));
  BOOST_TEST(error.where.pointer == pointer);
  BOOST_TEST(error.where.line == 2u);
  BOOST_TEST(error.line().find(words) != std::string::npos, error.line());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(campaign_workers)

BOOST_AUTO_TEST_CASE(one_that_is_not_pinned_by_default) {
  const auto got = read("");
  BOOST_TEST_REQUIRE(!!got, why(got));
  BOOST_TEST(got->load[0].workers == 1u);
  BOOST_TEST(got->load[0].cores.empty());
}

BOOST_AUTO_TEST_CASE(a_number_of_them) {
  const auto got = read(", \"workers\": 3");
  BOOST_TEST_REQUIRE(!!got, why(got));
  BOOST_TEST(got->load[0].workers == 3u);
  BOOST_TEST(worker_number(*got, 0, 2) == 2u);
  BOOST_TEST(worker_number(*got, 1, 0) == 3u);
}

BOOST_AUTO_TEST_CASE(one_for_each_core) {
  const std::vector<std::uint32_t> cores = usable_cores();
  BOOST_TEST_REQUIRE(!cores.empty());
  BOOST_TEST(cores.size() == static_cast<std::size_t>([] {
               cpu_set_t set;
               ::sched_getaffinity(0, sizeof set, &set);
               return CPU_COUNT(&set);
             }()));
  const auto all = read(", \"workers\": \"cores\"");
  BOOST_TEST_REQUIRE(!!all, why(all));
  BOOST_TEST(all->load[0].workers == cores.size());
  BOOST_TEST(all->load[0].cores.empty());
  const std::string last = std::to_string(cores.back());
  const auto listed = read(", \"workers\": \"cores\", \"cores\": [" + last + "]");
  BOOST_TEST_REQUIRE(!!listed, why(listed));
  BOOST_TEST(listed->load[0].workers == 1u);
  BOOST_TEST((listed->load[0].cores == std::vector<std::uint32_t>{cores.back()}));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told) {
  refused(", \"workers\": 0", "/load/0/workers", "workers");
  refused(", \"workers\": 257", "/load/0/workers", "256");
  refused(", \"workers\": \"core\"", "/load/0/workers", "cores");
  refused(", \"cores\": []", "/load/0/cores", "cores");
  refused(", \"cores\": [65535]", "/load/0/cores/0",
          "ordeal may not use core 65535 here; expected one of ");
}

BOOST_AUTO_TEST_CASE(feeders_are_read_and_their_path_is_made_absolute) {
  const auto got = read(", \"feeder\": {\"file\": \"../data/users.csv\"}");
  BOOST_TEST_REQUIRE(!!got, why(got));
  BOOST_TEST_REQUIRE(got->load[0].feeder.has_value());
  const FeederSpec& feeder = *got->load[0].feeder;
  BOOST_TEST(feeder.file.front() == '/');
  BOOST_TEST(feeder.file.ends_with("/data/users.csv"));
  BOOST_TEST(feeder.file.find("..") == std::string::npos);
  BOOST_TEST(got->effective.find('"' + feeder.file + '"') != std::string::npos);
  BOOST_TEST((feeder.format == FeederSpec::Format::csv));
  BOOST_TEST((feeder.order == FeederSpec::Order::sequential));
  BOOST_TEST(feeder.header);
  BOOST_TEST(!got->load[1].feeder.has_value());
  const auto lines = read(", \"feeder\": {\"file\": \"/x.ndjson\", \"order\": \"unique\"}");
  BOOST_TEST_REQUIRE(!!lines, why(lines));
  BOOST_TEST((lines->load[0].feeder->format == FeederSpec::Format::jsonl));
  BOOST_TEST((lines->load[0].feeder->order == FeederSpec::Order::unique));
  BOOST_TEST(lines->load[0].feeder->file == "/x.ndjson");
  const auto named = read(
      ", \"feeder\": {\"file\": \"/x\", \"format\": \"csv\", \"header\": false, \"order\": "
      "\"random\"}");
  BOOST_TEST_REQUIRE(!!named, why(named));
  BOOST_TEST(!named->load[0].feeder->header);
  BOOST_TEST((named->load[0].feeder->order == FeederSpec::Order::random));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_feeder_is_told) {
  refused(", \"feeder\": {}", "/load/0/feeder", "file");
  refused(", \"feeder\": {\"file\": \"/users.txt\"}", "/load/0/feeder/file",
          "the name of '/users.txt' does not tell its format; expected a name that ends in .csv");
  refused(", \"feeder\": {\"file\": \"/x.csv\", \"order\": \"any\"}", "/load/0/feeder/order",
          "sequential");
  refused(", \"feeder\": {\"file\": \"/x.jsonl\", \"header\": true}", "/load/0/feeder/header",
          "JSON lines have no header");
  refused(", \"feeder\": {\"flie\": \"/x.csv\"}", "/load/0/feeder", "file");
}

BOOST_AUTO_TEST_SUITE_END()
