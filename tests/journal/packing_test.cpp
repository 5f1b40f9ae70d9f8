// SPDX-License-Identifier: Apache-2.0
#include "journal/packing.h"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace ordeal;
using namespace ordeal::journal;

namespace {

SeriesRow extreme_row() {
  SeriesRow row;
  row.phase = std::numeric_limits<std::int32_t>::min();
  row.load = std::numeric_limits<std::uint32_t>::max();
  row.kind = 1;
  row.mono_ns = std::numeric_limits<std::uint64_t>::max();
  row.outcomes.fill(std::numeric_limits<std::uint64_t>::max());
  row.bytes_out = 12'345;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packing)

BOOST_AUTO_TEST_CASE(extreme_rows_survive) {
  const auto row = unpack_row(pack_row(extreme_row()));
  BOOST_TEST_REQUIRE(!!row);
  BOOST_TEST(row->phase == std::numeric_limits<std::int32_t>::min());
  BOOST_TEST(row->load == std::numeric_limits<std::uint32_t>::max());
  BOOST_TEST(row->mono_ns == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST((row->outcomes == extreme_row().outcomes));
  BOOST_TEST(row->bytes_out == 12'345u);
  for (const std::int32_t phase : {-1, 0, 1, 200, std::numeric_limits<std::int32_t>::max()}) {
    SeriesRow small;
    small.phase = phase;
    const auto back = unpack_row(pack_row(small));
    BOOST_TEST_REQUIRE(!!back);
    BOOST_TEST(back->phase == phase);
  }
}

BOOST_AUTO_TEST_CASE(a_usual_row_is_small) {
  SeriesRow row;
  row.phase = 3;
  row.mono_ns = 86'400'000'000'000;
  row.wall_ns = 1'795'455'060'000'000'000;
  row.duration_ns = 1'000'000'000;
  row.outcomes[0] = 5'000;
  row.offered = 5'000;
  row.p50_ns = 300'000;
  row.p99_ns = 2'000'000;
  row.max_ns = 30'000'000;
  row.bytes_in = row.bytes_out = 5'000'000;
  BOOST_TEST(pack_row(row).size() <= 60u);
}

BOOST_AUTO_TEST_CASE(damaged_rows_are_errors) {
  const auto whole = pack_row(extreme_row());
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(!unpack_row({whole.data(), size}), "size " << size);
  auto longer = whole;
  longer.push_back(std::byte{0});
  BOOST_TEST(!unpack_row(longer));
  auto other_version = whole;
  other_version[0] = std::byte{2};
  BOOST_TEST(!unpack_row(other_version));
  const std::vector<std::byte> endless(200, std::byte{0xff});
  BOOST_TEST(!unpack_row(endless));
}

BOOST_AUTO_TEST_CASE(damaged_histograms_are_errors) {
  Histogram histogram;
  for (std::uint64_t i = 1; i < 2'000; ++i) histogram.record(i * i * 100);
  const auto packed = pack_histogram(histogram);
  BOOST_TEST_REQUIRE(!!packed);
  const auto back = unpack_histogram(packed.value());
  BOOST_TEST_REQUIRE(!!back);
  BOOST_TEST((back->encode() == histogram.encode()));
  BOOST_TEST(packed->size() < histogram.encode().size());
  for (std::size_t size = 0; size < packed->size(); ++size)
    BOOST_TEST(!unpack_histogram({packed->data(), size}), "size " << size);
  const std::vector<std::byte> huge(10, std::byte{0xff});
  BOOST_TEST(!unpack_histogram(huge));
}

BOOST_AUTO_TEST_SUITE_END()
