// SPDX-License-Identifier: Apache-2.0
#include "campaign/feeder_index.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "temporary_folder.h"

using namespace ordeal;

namespace {

struct Bench {
  FeederSpec spec(const std::string& text, FeederSpec::Format format) {
    FeederSpec made;
    made.file = folder.file("data");
    made.format = format;
    std::ofstream(made.file, std::ios::binary | std::ios::trunc) << text;
    return made;
  }
  FeederSpec csv(const std::string& text) { return spec(text, FeederSpec::Format::csv); }
  FeederSpec jsonl(const std::string& text) { return spec(text, FeederSpec::Format::jsonl); }
  /// Refused at "LINE:COLUMN: ", with these words.
  void refused(const FeederSpec& bad, const std::string& place, const std::string& words) {
    const auto checked = check_feeder(bad);
    BOOST_TEST_REQUIRE(!checked, words);
    BOOST_TEST((checked.error().code == ExitCode::invalid_config));
    const std::string line = checked.error().line();
    BOOST_TEST(
        line.find(bad.file + (place.empty() ? ": " : ":" + place + ": ")) != std::string::npos,
        line);
    BOOST_TEST(line.find(words) != std::string::npos, line);
  }
  testing::TemporaryFolder folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(feeder_index, Bench)

BOOST_AUTO_TEST_CASE(what_is_wrong_with_csv_is_told_with_its_place) {
  refused(csv("a,b\n1,2\n3\n"), "3:1", "a record of 1 field; expected 2, as in the first");
  refused(csv("a,b\n1,2\n\"3\n3\",4,5\n"), "3:1", "a record of 3 fields");
  refused(csv("a,b\n1,x\"y\n"), "2:4", "a quote in a field that is not in quotes");
  refused(csv("a,b\n1,\"y\n2,3\n"), "2:3", "a quoted field that does not end");
  refused(csv("a,b\n1,\"y\"z\n"), "2:6", "characters behind a closing quote");
  refused(csv("a,b\n1,\xff\n"), "2:3", "not UTF-8");
  refused(csv("a,\xff\n1,2\n"), "1:3", "the header is not UTF-8");
  refused(csv("a,b,a\n1,2,3\n"), "1:1", "the header has the name \"a\" twice");
  refused(csv("a,,b\n1,2,3\n"), "1:1", "field 2 of the header has no name");
  refused(csv("a,b\n\n\n"), "", "holds no record; expected records behind the header");
  refused(csv("a\n" + std::string((1u << 20) + 10, 'x') + ",y\n"), "2:1",
          "a record longer than 1 MiB");
  refused(csv("a\n" + std::string((1u << 20) + 10, 'x') + "\n"), "2:1",
          "a record longer than 1 MiB");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_json_lines_is_told_with_its_place) {
  refused(jsonl("{\"a\": 1}\n{\"a\": }\n"), "2:7", "this line is no JSON");
  refused(jsonl("{}\n\n[1]\n"), "3:1", "this line is no JSON object");
  refused(jsonl("{}\n{} {}\n"), "2:4", "this line is no JSON");
  refused(jsonl("{\"a\": \"\xff\"}\n"), "1:8", "this line is no JSON");
  refused(jsonl(" \n\t\n"), "", "holds no record; expected at least one");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_file_is_told) {
  FeederSpec missing;
  missing.file = folder.file("nobody");
  refused(missing, "", "No such file");
  FeederSpec directory;
  directory.file = folder.path();
  refused(directory, "", "no regular file");
  refused(csv(""), "", "is empty");
  const FeederSpec huge = csv("a\n1\n");
  BOOST_TEST_REQUIRE(::truncate(huge.file.c_str(), (1ll << 30) + 1) == 0);
  refused(huge, "", "too large; expected at most 1 GiB");
}

BOOST_AUTO_TEST_CASE(the_index_is_what_a_worker_reads) {
  std::string text = "id,name\n";
  for (int i = 0; i < 1000; ++i)
    text += std::to_string(i) + (i % 5 == 0 ? ",\"n\n" : ",\"n") + std::to_string(i) + "\"\r\n";
  auto source = FeederSource::open(csv(text));
  BOOST_TEST_REQUIRE(!!source);
  int steps = 0;
  for (bool whole = false; !whole; ++steps) {
    const auto checked = (*source)->check(1000);
    BOOST_TEST_REQUIRE(!!checked, (checked ? "" : checked.error().line()));
    whole = *checked;
  }
  BOOST_TEST(steps > 10);
  BOOST_TEST((*source)->records() == 1000u);
  BOOST_TEST(!!(*source)->publish());
  auto spec = (*source)->spec();
  spec.order = FeederSpec::Order::unique;
  auto feeder = Feeder::map(spec, (*source)->file(), (*source)->index());
  BOOST_TEST_REQUIRE(!!feeder);
  std::string buffer;
  BOOST_TEST((*feeder)->read(0, buffer) == R"({"id":"0","name":"n\n0"})");
  BOOST_TEST((*feeder)->read(999, buffer) == R"({"id":"999","name":"n999"})");
  BOOST_TEST((*source)->used() == 0u);
  std::uint64_t record = 0;
  for (int i = 0; i < 1001; ++i) (*feeder)->take(record);
  BOOST_TEST((*source)->used() == 1000u);
  BOOST_TEST(!(*source)->changed());
  std::ofstream((*source)->spec().file, std::ios::app) << "x";
  BOOST_TEST((*source)->changed());
}

BOOST_AUTO_TEST_CASE(what_becomes_of_the_file_does_not_matter) {
  std::string text = "a\n";
  for (int i = 0; i < 5'000; ++i) text += std::to_string(i) + "\n";
  auto source = FeederSource::open(csv(text));
  BOOST_TEST_REQUIRE(!!source);
  BOOST_TEST(!!(*source)->check(text.size()));
  BOOST_TEST(!!(*source)->publish());
  auto feeder = Feeder::map((*source)->spec(), (*source)->file(), (*source)->index());
  BOOST_TEST_REQUIRE(!!feeder);
  BOOST_TEST(!(*source)->changed());
  BOOST_TEST_REQUIRE(::truncate((*source)->spec().file.c_str(), 0) == 0);
  BOOST_TEST((*source)->changed());
  std::string buffer;
  BOOST_TEST((*feeder)->read(4'999, buffer) == R"({"a":"4999"})");
  auto late = Feeder::map((*source)->spec(), (*source)->file(), (*source)->index());
  BOOST_TEST_REQUIRE(!!late);
  BOOST_TEST((*late)->read(2'500, buffer) == R"({"a":"2500"})");
}

BOOST_AUTO_TEST_CASE(a_file_that_changes_while_it_is_read_is_refused) {
  for (const bool shorter : {false, true}) {
    const std::string text = "a\n" + std::string(40'000, 'x') + "\n";
    auto source = FeederSource::open(csv(text));
    BOOST_TEST_REQUIRE(!!source);
    auto checked = (*source)->check(10'000);
    BOOST_TEST_REQUIRE(!!checked);
    BOOST_TEST(!*checked);
    if (shorter)
      BOOST_TEST_REQUIRE(::truncate((*source)->spec().file.c_str(), 5) == 0);
    else
      std::ofstream((*source)->spec().file, std::ios::app) << "y\n";
    do checked = (*source)->check(10'000);
    while (checked && !*checked);
    BOOST_TEST_REQUIRE(!checked);
    BOOST_TEST(checked.error().line().find("was written to while it was read") !=
               std::string::npos);
    BOOST_TEST(checked.error().line().find((*source)->spec().file) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(no_worker_can_cut_the_index) {
  auto source = FeederSource::open(csv("a\n1\n"));
  BOOST_TEST_REQUIRE(!!source);
  BOOST_TEST(!!(*source)->check(100));
  BOOST_TEST(!!(*source)->publish());
  BOOST_TEST(::ftruncate((*source)->index(), 0) != 0);
  BOOST_TEST(::pwrite((*source)->file(), "x", 1, 0) < 0);  // nor write to the copy
  BOOST_TEST(::ftruncate((*source)->file(), 0) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
