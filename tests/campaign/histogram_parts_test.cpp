// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/json.h"
#include "campaign/documents/documents.h"
#include "campaign/journal_fixture.h"
#include "registry/crypto.h"

using namespace ordeal;
using ordeal::test::JournalFixture;
using ordeal::test::why;
namespace json = boost::json;

namespace {

json::value fuller(JournalFixture& fixture, std::int32_t phase) {
  auto documents = phase_documents(*fixture.reader(), phase, true);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(documents), why(documents));
  auto value = parse_json(documents->with_histograms, "document");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(value), why(value));
  // The same document but for the one member.
  json::value rest = *value;
  BOOST_TEST(rest.as_object().erase("histograms") == 1u);
  auto plain = parse_json(documents->plain, "document");
  BOOST_REQUIRE(static_cast<bool>(plain));
  BOOST_TEST((rest == *plain));
  return std::move(*value);
}

const json::object& series(const json::value& document, const std::string& load,
                           const std::string& kind, const std::string& name) {
  for (const auto& one : document.at("histograms").as_array())
    if (one.at("load") == json::value(load) && one.at("kind") == json::value(kind) &&
        one.at("series") == json::value(name))
      return one.as_object();
  throw std::runtime_error("no " + name);
}

/// All intervals of a series in one histogram.
Histogram merged(const json::object& series) {
  Histogram all(series.at("unit_ns").to_number<std::uint32_t>());
  for (const auto& interval : series.at("intervals").as_array()) {
    const auto bytes = from_base64(interval.at("compressed").as_string().c_str());
    BOOST_REQUIRE(bytes);
    auto part = Histogram::decode_v2_compressed(std::as_bytes(std::span(*bytes)));
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(part), why(part));
    all.merge(*part);
  }
  return all;
}

void same_counts(const json::object& series, const Histogram& expected) {
  const Histogram intervals = merged(series);
  BOOST_TEST(series.at("count").to_number<std::uint64_t>() == expected.count());
  BOOST_TEST(intervals.count() == expected.count());
  const auto wanted = expected.buckets();
  const auto found = intervals.buckets();
  const auto& listed = series.at("buckets").as_array();
  BOOST_REQUIRE_EQUAL(found.size(), wanted.size());
  BOOST_REQUIRE_EQUAL(listed.size(), wanted.size());
  const std::uint64_t unit = expected.unit_ns();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    BOOST_TEST(found[i].from_ns == wanted[i].from_ns);
    BOOST_TEST(found[i].count == wanted[i].count);
    BOOST_TEST(listed[i].at(0).to_number<std::uint64_t>() == wanted[i].from_ns / unit);
    BOOST_TEST(listed[i].at(1).to_number<std::uint64_t>() == wanted[i].to_ns / unit);
    BOOST_TEST(listed[i].at(2).to_number<std::uint64_t>() == wanted[i].count);
  }
}

SeriesRow block_at(double at) {
  SeriesRow row;
  row.mono_ns = JournalFixture::moment(at).mono_ns;
  row.wall_ns = JournalFixture::moment(at).wall_ns;
  row.duration_ns = 10'000'000'000;
  row.outcomes[0] = 50;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(histogram_parts)

BOOST_AUTO_TEST_CASE(latency_comes_in_blocks_and_the_other_parts_as_a_whole) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {});
  const auto document = fuller(fixture, 0);
  BOOST_TEST(document.at("histograms").as_array().size() == 3u);
  Histogram latency;
  latency.record(2'000'000, 3000);
  const auto& blocks = series(document, "http", "get", "latency");
  same_counts(blocks, latency);
  BOOST_REQUIRE_EQUAL(blocks.at("intervals").as_array().size(), 3u);
  const auto& second = blocks.at("intervals").at(1);
  BOOST_TEST(second.at("start").to_number<double>() ==
             static_cast<double>(JournalFixture::moment(12).wall_ns) / 1e9);
  BOOST_TEST(second.at("seconds").to_number<double>() == 10);
  BOOST_TEST(second.at("max").to_number<double>() == 0.002);
  Histogram rest;
  rest.record(1'000'000, 990);
  rest.record(4'000'000, 10);
  for (const char* name : {"service", "mark:connect"}) {
    const auto& whole = series(document, "http", "get", name);
    same_counts(whole, rest);
    BOOST_REQUIRE_EQUAL(whole.at("intervals").as_array().size(), 1u);
    BOOST_TEST(whole.at("intervals").at(0).at("seconds").to_number<double>() == 30.2,
               boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(a_phase_of_many_blocks_has_neighbours_merged_and_loses_no_count) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  std::mt19937_64 random(1);
  Histogram all(1000);
  for (int i = 0; i < 1000; ++i) {
    Histogram latency(1000);
    for (int n = 0; n < 50; ++n) latency.record(1000 * (1 + random() % 10'000'000));
    all.merge(latency);
    BOOST_REQUIRE(static_cast<bool>(fixture.writer().block(block_at(2 + 10 * i), latency)));
  }
  fixture.end_phase(0, 2, 10'002);
  const auto document = fuller(fixture, 0);
  const auto& latency = series(document, "http", "get", "latency");
  same_counts(latency, all);
  // Three in each, the last with the one that is left.
  BOOST_REQUIRE_EQUAL(latency.at("intervals").as_array().size(), 334u);
  BOOST_TEST(latency.at("intervals").at(0).at("seconds").to_number<double>() == 30);
  BOOST_TEST(latency.at("intervals").at(333).at("seconds").to_number<double>() == 10);
}

BOOST_AUTO_TEST_CASE(of_a_repeated_phase_only_the_last_attempt_counts) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2, {.latency_ns = 7'000'000});
  fixture.begin_phase(0, 100, 2);
  fixture.block(0, 100, {.latency_ns = 3'000'000});
  const auto document = fuller(fixture, 0);
  Histogram latency;
  latency.record(3'000'000, 1000);
  // It did not end, so there is nothing but the blocks.
  BOOST_TEST(document.at("histograms").as_array().size() == 1u);
  same_counts(series(document, "http", "get", "latency"), latency);
}

BOOST_AUTO_TEST_CASE(two_loads_of_one_scenario_are_told_apart) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.set("loads", R"([{"scenario":"http","kinds":["get"],"marks":[],"unit_ns":1},
                           {"scenario":"http","kinds":["get"],"marks":[],"unit_ns":1}])");
  fixture.begin_phase(0, 2);
  for (std::uint32_t load : {0u, 1u}) {
    SeriesRow row = block_at(2);
    row.load = load;
    Histogram latency;
    latency.record(1'000 * (load + 1), 50);
    BOOST_REQUIRE(static_cast<bool>(fixture.writer().block(row, latency)));
  }
  fixture.end_phase(0, 2, 12);
  const auto document = fuller(fixture, 0);
  BOOST_TEST(merged(series(document, "http#0", "get", "latency")).max() < 1'100u);
  BOOST_TEST(merged(series(document, "http#1", "get", "latency")).max() > 1'900u);
}

BOOST_AUTO_TEST_CASE(nothing_is_made_for_those_who_do_not_ask) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {});
  auto documents = phase_documents(*fixture.reader(), 0, false);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(documents), why(documents));
  BOOST_TEST(documents->with_histograms == "");
  BOOST_TEST(documents->plain.find("histograms") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
