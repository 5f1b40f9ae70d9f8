// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/histogram.h"
#include "places.h"
#include "plugins/rendered.h"
#include "registry/crypto.h"

using ordeal::Histogram;
using report_test::contains;
using report_test::fixture;
using report_test::Rendered;
namespace json = boost::json;

namespace {

Histogram spread(std::uint32_t unit, unsigned seed, int values) {
  std::mt19937_64 random(seed);
  Histogram histogram(unit);
  // From single units to seconds, so that every precision occurs.
  for (int i = 0; i < values; ++i)
    histogram.record(unit * (1 + random() % (1ULL << (random() % 31))));
  return histogram;
}

std::string encoded(const Histogram& histogram) {
  const auto bytes = histogram.encode_v2_compressed();
  return ordeal::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// A member of `histograms`, of ten seconds each part.
json::object member(const std::string& kind, const std::string& series,
                    const std::vector<Histogram>& parts, double start = 1'795'453'200.25) {
  Histogram whole(parts.front().unit_ns());
  json::array intervals;
  for (const Histogram& part : parts) {
    whole.merge(part);
    intervals.push_back(json::object{{"start", start},
                                     {"seconds", 10.0},
                                     {"max", static_cast<double>(part.max()) / 1e9},
                                     {"compressed", encoded(part)}});
    start += 10;
  }
  json::array buckets;
  for (const auto& bucket : whole.buckets())
    buckets.push_back(json::array{bucket.from_ns / whole.unit_ns(), bucket.to_ns / whole.unit_ns(),
                                  bucket.count});
  return {{"load", "http"},
          {"kind", kind},
          {"series", series},
          {"unit_ns", whole.unit_ns()},
          {"count", whole.count()},
          {"intervals", std::move(intervals)},
          {"buckets", std::move(buckets)}};
}

std::string document(json::array histograms) {
  json::value phase = json::parse(fixture("phase.json"));
  phase.as_object()["histograms"] = std::move(histograms);
  return json::serialize(phase);
}

Rendered render(const std::string& document, const std::string& config = "{}") {
  return report_test::render("hdr", ORDEAL_STAGE_PHASE, document, config);
}

/// What hdr-histogram-js finds in a .hlog.
json::value read_back(const std::string& log, double units_per_printed) {
  const std::string source = ORDEAL_SOURCE_DIR;
  const std::string package = source + "/packaging/npm/node_modules/hdr-histogram-js";
  BOOST_REQUIRE_MESSAGE(std::filesystem::exists(package), "run packaging/setup first");
  const auto folder =
      std::filesystem::temp_directory_path() / ("hdr_files." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "in.hlog") << log;
  const std::string command = "node '" + source + "/tests/plugins/hdr_files.cjs' '" + package +
                              "' '" + (folder / "in.hlog").string() + "' " +
                              std::to_string(units_per_printed) + " >'" +
                              (folder / "out").string() + "'";
  BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  std::ifstream answer(folder / "out");
  json::value found = json::parse(std::string(std::istreambuf_iterator<char>(answer), {}));
  std::filesystem::remove_all(folder);
  return found;
}

void same(const json::value& found, const Histogram& whole, std::size_t intervals,
          const std::string& distribution) {
  const std::uint64_t unit = whole.unit_ns();
  BOOST_TEST(found.at("intervals").to_number<std::size_t>() == intervals);
  BOOST_TEST(found.at("count").to_number<std::uint64_t>() == whole.count());
  const auto buckets = whole.buckets();
  const auto& theirs = found.at("buckets").as_array();
  BOOST_REQUIRE_EQUAL(theirs.size(), buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    BOOST_TEST_REQUIRE(theirs[i].at(0).to_number<std::uint64_t>() == buckets[i].from_ns / unit);
    BOOST_TEST_REQUIRE(theirs[i].at(1).to_number<std::uint64_t>() == buckets[i].count);
  }
  const double asked[] = {0, 50, 90, 99, 99.9, 99.99, 100};
  for (std::size_t i = 1; i < std::size(asked); ++i) {
    const auto value = whole.value_at(asked[i]);
    const auto bucket = std::find_if(buckets.begin(), buckets.end(),
                                     [&](const auto& b) { return b.to_ns >= value; });
    BOOST_TEST(found.at("percentiles").at(i).to_number<std::uint64_t>() == bucket->to_ns / unit);
  }
  BOOST_TEST(std::string(found.at("distribution").as_string()) == distribution);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_hdr)

BOOST_AUTO_TEST_CASE(another_implementation_reads_the_same_counts_and_percentiles) {
  for (const std::uint32_t unit : {1u, 1000u}) {
    BOOST_TEST_CONTEXT("unit " << unit) {
      const std::vector<Histogram> latency{spread(unit, 1, 3000), spread(unit, 2, 20),
                                           spread(unit, 3, 5000)};
      const std::vector<Histogram> service{spread(unit, 4, 8020)};
      const std::vector<Histogram> connect{spread(unit, 5, 1)};
      const auto rendered =
          render(document({member("get", "latency", latency), member("get", "service", service),
                           member("get", "mark:connect", connect)}));
      BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
      BOOST_REQUIRE_EQUAL(rendered.files.size(), 4u);
      const std::string stem = "phase_7_stress_test_http_get";
      const auto found = read_back(rendered.files.at(stem + ".hlog"), 1000.0 / unit);
      BOOST_REQUIRE_EQUAL(found.as_object().size(), 3u);
      Histogram whole = latency[0];
      whole.merge(latency[1]);
      whole.merge(latency[2]);
      same(found.at("latency"), whole, 3, rendered.files.at(stem + "_latency.hgrm"));
      same(found.at("service"), service[0], 1, rendered.files.at(stem + "_service.hgrm"));
      same(found.at("connect"), connect[0], 1, rendered.files.at(stem + "_connect.hgrm"));
      BOOST_TEST(found.at("latency").at("start").to_number<double>() == 1'795'453'200.25);
      BOOST_TEST(found.at("latency").at("end").to_number<double>() == 1'795'453'230.25);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_unit_of_the_distribution_can_be_chosen) {
  Histogram one;
  one.record(2'000'000);
  const std::string phase = document({member("get", "latency", {one})});
  const struct {
    const char* unit;
    const char* text;
  } cases[] = {{"ns", " 2000895.000 "}, {"us", " 2000.895 "}, {"ms", " 2.001 "}, {"s", " 0.002 "}};
  for (const auto& one_case : cases) {
    BOOST_TEST_CONTEXT(one_case.unit) {
      const auto rendered = render(phase, R"({"unit":")" + std::string(one_case.unit) + R"("})");
      BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
      BOOST_TEST(
          contains(rendered.files.at("phase_7_stress_test_http_get_latency.hgrm"), one_case.text));
    }
  }
}

BOOST_AUTO_TEST_CASE(each_kind_has_its_files_and_no_name_is_taken_twice) {
  Histogram one;
  one.record(5);
  const auto rendered = render(document({
      member("get", "latency", {one}),
      member("get", "mark:latency", {one}),
      member("../a b", "latency", {one}),
      member("../a/b", "latency", {one}),
  }));
  BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
  std::string names;
  for (const auto& [name, text] : rendered.files) names += name + " ";
  BOOST_TEST(
      names ==
      "phase_7_stress_test_http__.._a_b-2.hlog phase_7_stress_test_http__.._a_b-2_latency.hgrm "
      "phase_7_stress_test_http__.._a_b.hlog phase_7_stress_test_http__.._a_b_latency.hgrm "
      "phase_7_stress_test_http_get.hlog phase_7_stress_test_http_get_latency.hgrm "
      "phase_7_stress_test_http_get_mark_latency.hgrm ");
}

BOOST_AUTO_TEST_CASE(without_histograms_there_is_nothing_to_write) {
  const auto rendered = render(fixture("phase.json"));
  BOOST_TEST(rendered.status == ORDEAL_OK);
  BOOST_TEST(rendered.files.empty());
  for (const std::uint32_t stage :
       {ORDEAL_STAGE_READINESS, ORDEAL_STAGE_BASELINE, ORDEAL_STAGE_CAMPAIGN}) {
    const auto other = report_test::render("hdr", stage, "{}");
    BOOST_TEST(other.status == ORDEAL_OK);
    BOOST_TEST(other.files.empty());
  }
}

BOOST_AUTO_TEST_CASE(malformed_members_are_left_out) {
  Histogram one;
  one.record(5);
  json::object broken = member("bad", "latency", {one});
  broken["buckets"] = json::parse("[[5,5,0],[5,5],[9,3,2],\"x\",[-1,-1,4]]");
  json::object forged = member("forged", "latency", {one});
  forged["intervals"].as_array()[0].as_object()["compressed"] = "AAAA\n1,1,1,AAAA";
  json::object huge = member("huge", "latency", {one});
  huge["buckets"] = json::parse("[[0,0,9007199254740991],[1,1,1],[2,9000000000000000000,1e300]]");
  const auto rendered = render(document({std::move(broken), std::move(forged), std::move(huge),
                                         json::value(3), member("get", "latency", {one})}));
  BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
  BOOST_TEST(rendered.files.size() == 4u);
  BOOST_TEST(rendered.files.count("phase_7_stress_test_http_get.hlog") == 1u);
  BOOST_TEST(rendered.files.count("phase_7_stress_test_http_huge_latency.hgrm") == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
