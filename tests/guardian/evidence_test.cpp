// SPDX-License-Identifier: Apache-2.0
#include "guardian/evidence.h"

#include "guarded_run.h"

using namespace ordeal;
using namespace ordeal::testing;

BOOST_AUTO_TEST_SUITE(evidence)

BOOST_AUTO_TEST_CASE(crc_is_zlibs) {
  BOOST_CHECK_EQUAL(crc32("123456789", 9), 0xcbf43926u);
  BOOST_CHECK_EQUAL(crc32("", 0), 0u);
}

BOOST_AUTO_TEST_CASE(records_come_back) {
  GuardedRun run;
  {
    auto evidence = Evidence::open(run.dir);
    BOOST_REQUIRE(evidence);
    evidence->record("limit", "memory: 81 % used", 2, -5);
    evidence->record("end", std::string(1000, 'x') + "é", 111);
  }
  BOOST_CHECK_EQUAL(std::filesystem::file_size(run.dir + "/guardian.evidence"), evidence_file_size);
  const auto records = run.evidence();
  BOOST_REQUIRE_EQUAL(records.size(), 2);
  BOOST_CHECK_EQUAL(records[0].seq, 1);
  BOOST_CHECK_EQUAL(records[0].type, "limit");
  BOOST_CHECK_EQUAL(records[0].text, "memory: 81 % used");
  BOOST_CHECK_EQUAL(records[0].a, 2);
  BOOST_CHECK_EQUAL(records[0].b, -5);
  BOOST_CHECK_EQUAL(records[1].text.size(), 431);
  BOOST_CHECK_LE(records[0].mono_ns, records[1].mono_ns);
}

BOOST_AUTO_TEST_CASE(never_cuts_a_character_in_two) {
  GuardedRun run;
  {
    auto evidence = Evidence::open(run.dir);
    BOOST_REQUIRE(evidence);
    evidence->record("end", std::string(430, 'x') + "é", 0);
  }
  BOOST_CHECK_EQUAL(run.evidence().at(0).text, std::string(430, 'x'));
}

BOOST_AUTO_TEST_CASE(corrupt_record_is_left_out) {
  GuardedRun run;
  {
    auto evidence = Evidence::open(run.dir);
    BOOST_REQUIRE(evidence);
    for (int i = 0; i < 3; ++i) evidence->record("limit", "x", i);
  }
  std::fstream file(run.dir + "/guardian.evidence",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(2 * evidence_record_size + 100));
  file << 'Y';
  file.close();
  const auto records = run.evidence();
  BOOST_REQUIRE_EQUAL(records.size(), 2);
  BOOST_CHECK_EQUAL(records[0].a, 0);
  BOOST_CHECK_EQUAL(records[1].a, 2);
}

BOOST_AUTO_TEST_CASE(ring_keeps_first_and_last) {
  GuardedRun run;
  constexpr int written = 5000;
  {
    auto evidence = Evidence::open(run.dir);
    BOOST_REQUIRE(evidence);
    for (int i = 1; i <= written; ++i) evidence->record("blind", "", i);
  }
  const auto records = run.evidence();
  BOOST_REQUIRE_EQUAL(records.size(), evidence_slots);
  for (std::size_t i = 0; i < evidence_kept_slots; ++i)
    BOOST_REQUIRE_EQUAL(records[i].a, static_cast<std::int64_t>(i) + 1);
  BOOST_CHECK_EQUAL(records.back().a, written);
  BOOST_CHECK_EQUAL(records[evidence_kept_slots].a,
                    written - static_cast<std::int64_t>(evidence_slots - evidence_kept_slots) + 1);
}

BOOST_AUTO_TEST_CASE(second_guardian_goes_on_but_not_beside_the_first) {
  GuardedRun run;
  {
    auto first = Evidence::open(run.dir);
    BOOST_REQUIRE(first);
    first->record("end", "one", 1);
    const auto second = Evidence::open(run.dir);
    BOOST_REQUIRE(!second);
    BOOST_CHECK(second.error().code == ExitCode::preflight);
    BOOST_CHECK_NE(second.error().what.find("in use"), std::string::npos);
  }
  auto third = Evidence::open(run.dir);
  BOOST_REQUIRE(third);
  third->record("end", "two", 2);
  const auto records = run.evidence();
  BOOST_REQUIRE_EQUAL(records.size(), 2);
  BOOST_CHECK_EQUAL(records[1].seq, 2);
}

BOOST_AUTO_TEST_CASE(foreign_file_is_an_error) {
  GuardedRun run;
  std::ofstream(run.dir + "/guardian.evidence") << "something else";
  BOOST_CHECK(!read_evidence(run.dir));
  BOOST_CHECK(!read_evidence(run.dir + "/missing"));
}

BOOST_AUTO_TEST_SUITE_END()
