// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <zlib.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "base/histogram_state.h"
#include "places.h"

using ordeal::Histogram;
using ordeal::HistogramLayout;

namespace {

constexpr std::uint64_t hour = 3'600'000'000'000;

// Values over nine decades, as latencies are spread.
std::vector<std::uint64_t> spread(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i < n; ++i) {
    const double power = static_cast<double>(random() >> 11) / 9007199254740992.0 * 9.0;
    values.push_back(static_cast<std::uint64_t>(std::pow(10.0, power)));
  }
  return values;
}

std::string base64(const std::vector<std::byte>& bytes) {
  static constexpr char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group =
          group << 8 | (i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k > bytes.size() ? '=' : letters[group >> (18 - 6 * k) & 63];
  }
  return text;
}

void require_same(const Histogram& a, const Histogram& b) {
  BOOST_TEST_REQUIRE(a.unit_ns() == b.unit_ns());
  BOOST_TEST(a.count() == b.count());
  const auto left = a.buckets();
  const auto right = b.buckets();
  BOOST_TEST_REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    BOOST_TEST_REQUIRE(left[i].from_ns == right[i].from_ns);
    BOOST_TEST_REQUIRE(left[i].to_ns == right[i].to_ns);
    BOOST_TEST_REQUIRE(left[i].count == right[i].count);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(histogram)

BOOST_AUTO_TEST_CASE(empty) {
  for (const Histogram& h : {Histogram(), Histogram(1000)}) {
    BOOST_TEST(h.count() == 0);
    BOOST_TEST(h.min() == 0);
    BOOST_TEST(h.max() == 0);
    BOOST_TEST(h.mean() == 0);
    BOOST_TEST(h.stddev() == 0);
    BOOST_TEST(h.value_at(99) == 0);
    BOOST_TEST(h.count_at_or_below(hour) == 0);
    BOOST_TEST(h.buckets().empty());
  }
}

BOOST_AUTO_TEST_CASE(percentiles_against_a_sorted_array) {
  for (const std::uint32_t unit : {1u, 1000u}) {
    auto values = spread(20'000, 1);
    Histogram h(unit);
    double sum = 0;
    for (const auto v : values) {
      h.record(v);
      sum += static_cast<double>(v);
    }
    std::sort(values.begin(), values.end());
    BOOST_TEST(h.count() == values.size());
    BOOST_TEST(h.min() == values.front());
    BOOST_TEST(h.max() == values.back());
    BOOST_TEST(h.mean() == sum / static_cast<double>(values.size()),
               boost::test_tools::tolerance(1e-9));
    double squares = 0;
    for (const auto v : values) squares += std::pow(static_cast<double>(v) - h.mean(), 2);
    BOOST_TEST(h.stddev() == std::sqrt(squares / static_cast<double>(values.size())),
               boost::test_tools::tolerance(1e-3));
    for (const std::size_t p : {0, 100, 2500, 5000, 7500, 9000, 9900, 9990, 9999, 10000}) {
      const std::size_t rank = std::max<std::size_t>(1, (p * values.size() + 9999) / 10000);
      const std::uint64_t exact = values[rank - 1];
      const std::uint64_t got = h.value_at(static_cast<double>(p) / 100);
      BOOST_TEST_CONTEXT("p" << p << " unit " << unit) {
        BOOST_TEST(got >= exact);
        BOOST_TEST(got <= exact + exact / 1000 + unit);
      }
    }
    for (const std::uint64_t limit : {1'000ul, 50'000ul, 1'000'000ul, 700'000'000ul}) {
      const auto exact = std::upper_bound(values.begin(), values.end(), limit) - values.begin();
      const auto near = std::upper_bound(values.begin(), values.end(), limit + limit / 512 + unit) -
                        values.begin();
      BOOST_TEST(h.count_at_or_below(limit) >= static_cast<std::uint64_t>(exact));
      BOOST_TEST(h.count_at_or_below(limit) <= static_cast<std::uint64_t>(near));
    }
  }
}

BOOST_AUTO_TEST_CASE(buckets_are_gapless_and_within_a_thousandth) {
  Histogram h;
  for (const auto v : spread(50'000, 2)) h.record(v);
  std::uint64_t total = 0;
  std::uint64_t last = 0;
  for (const auto& b : h.buckets()) {
    BOOST_TEST_REQUIRE(b.from_ns >= last);
    BOOST_TEST_REQUIRE(b.to_ns >= b.from_ns);
    BOOST_TEST_REQUIRE(b.to_ns - b.from_ns <= b.from_ns / 1000);
    last = b.to_ns + 1;
    total += b.count;
  }
  BOOST_TEST(total == h.count());
}

// As ordeal(1) promises, in MEMORY OF A LOAD.
BOOST_AUTO_TEST_CASE(memory_is_bounded_and_goes_with_the_range) {
  const auto bytes = [](std::uint32_t unit) { return 8 * HistogramLayout(unit).length(); };
  BOOST_TEST(bytes(1) <= 262u * 1024);
  BOOST_TEST(bytes(1000) <= 182u * 1024);
  BOOST_TEST(64 * (2 + 16) * bytes(1) < 295u * 1024 * 1024);
  for (std::uint64_t from = 1 << 12; from < (1ULL << 40); from *= 2)
    BOOST_TEST(8 * (HistogramLayout::index(2 * from) - HistogramLayout::index(from)) == 8u * 1024);
}

BOOST_AUTO_TEST_CASE(more_than_an_hour_counts_as_an_hour_with_exact_max) {
  for (const std::uint32_t unit : {1u, 1000u}) {
    Histogram h(unit);
    h.record(hour);
    h.record(5 * hour);
    h.record(std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(h.count() == 3);
    BOOST_TEST(h.buckets().size() == 1);
    BOOST_TEST(h.max() == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(h.value_at(100) == h.max());
    BOOST_TEST(h.mean() > 0.0);
    auto again = Histogram::decode(h.encode());
    BOOST_TEST_REQUIRE(static_cast<bool>(again));
    require_same(h, *again);
    BOOST_TEST(again->max() == h.max());
    h.clear();
    BOOST_TEST(h.buckets().empty());
  }
}

BOOST_AUTO_TEST_CASE(zero_is_a_value) {
  Histogram h;
  h.record(0, 3);
  h.record(7);
  h.record(9, 0);
  BOOST_TEST(h.count() == 4);
  BOOST_TEST(h.min() == 0);
  BOOST_TEST(h.max() == 7);
  BOOST_TEST(h.value_at(75) == 0);
  BOOST_TEST(h.value_at(75.1) == 7);
  BOOST_TEST(h.count_at_or_below(0) == 3);
}

BOOST_AUTO_TEST_CASE(merging_equals_recording_together) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (const auto v : spread(5'000, 3)) a.record(v), both.record(v);
  for (const auto v : spread(5'000, 4)) b.record(v + 5, 2), both.record(v + 5, 2);
  a.merge(b);
  require_same(a, both);
  BOOST_TEST(a.min() == both.min());
  BOOST_TEST(a.max() == both.max());
  BOOST_TEST(a.mean() == both.mean());
  a.merge(Histogram());
  require_same(a, both);

  Histogram empty;
  Histogram slow(1000);
  slow.record(1'500'000);
  empty.merge(slow);
  BOOST_TEST(empty.unit_ns() == 1000);
  require_same(empty, slow);
}

BOOST_AUTO_TEST_CASE(clear_leaves_nothing_and_copies_are_apart) {
  Histogram h(1000);
  for (const auto v : spread(1'000, 5)) h.record(v);
  const Histogram copy = h;
  h.clear();
  BOOST_TEST(h.count() == 0);
  BOOST_TEST(h.unit_ns() == 1000);
  BOOST_TEST(copy.count() == 1'000);
  h.record(42'000);
  BOOST_TEST(h.buckets().size() == 1);
  BOOST_TEST(h.value_at(100) == 42'000);
  Histogram moved = std::move(h);
  BOOST_TEST(moved.count() == 1);
}

BOOST_AUTO_TEST_CASE(encoding_round_trip) {
  for (const std::uint32_t unit : {1u, 1000u}) {
    for (const std::size_t n : {0ul, 1ul, 10'000ul}) {
      Histogram h(unit);
      for (const auto v : spread(n, 6)) h.record(v, 1 + v % 3);
      if (n > 1) h.record(12'345, std::uint64_t{1} << 60);  // needs all nine bytes
      const auto plain = Histogram::decode(h.encode());
      BOOST_TEST_REQUIRE(static_cast<bool>(plain));
      require_same(h, *plain);
      BOOST_TEST(plain->min() == h.min());
      BOOST_TEST(plain->max() == h.max());
      BOOST_TEST(plain->mean() == h.mean());
      const auto deflated = Histogram::decode_v2_compressed(h.encode_v2_compressed());
      BOOST_TEST_REQUIRE(static_cast<bool>(deflated));
      require_same(h, *deflated);
      if (n == 10'000) BOOST_TEST(deflated->mean() == h.mean(), boost::test_tools::tolerance(1e-3));
    }
  }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_errors) {
  Histogram h;
  for (const auto v : spread(300, 7)) h.record(v);
  const auto plain = h.encode();
  const auto deflated = h.encode_v2_compressed();
  for (std::size_t n = 0; n < plain.size(); ++n)
    BOOST_TEST_REQUIRE(!Histogram::decode(std::span(plain).first(n)));
  for (std::size_t n = 0; n < deflated.size(); ++n)
    BOOST_TEST_REQUIRE(!Histogram::decode_v2_compressed(std::span(deflated).first(n)));
  // Any single damaged byte: an error or another valid histogram, never a crash.
  std::mt19937_64 random(8);
  for (std::size_t n = 0; n < 5'000; ++n) {
    auto damaged = plain;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    auto result = Histogram::decode(damaged);
    if (!result) continue;
    std::uint64_t total = 0;
    for (const auto& b : result->buckets()) total += b.count;
    BOOST_TEST_REQUIRE(total == result->count());
    result->clear();
    BOOST_TEST_REQUIRE(result->buckets().empty());
  }
  // A deflate bomb: 16 MiB of zeros behind the right cookie.
  const std::vector<std::byte> zeros(16 << 20);
  uLongf size = ::compressBound(zeros.size());
  std::vector<std::byte> bomb(8 + size);
  BOOST_TEST_REQUIRE(::compress(reinterpret_cast<Bytef*>(bomb.data() + 8), &size,
                                reinterpret_cast<const Bytef*>(zeros.data()),
                                zeros.size()) == Z_OK);
  bomb.resize(8 + size);
  const unsigned char head[] = {0x1c,
                                0x84,
                                0x93,
                                0x14,
                                static_cast<unsigned char>(size >> 24),
                                static_cast<unsigned char>(size >> 16),
                                static_cast<unsigned char>(size >> 8),
                                static_cast<unsigned char>(size)};
  std::copy_n(reinterpret_cast<const std::byte*>(head), sizeof head, bomb.begin());
  BOOST_TEST(!Histogram::decode_v2_compressed(bomb));
}

// Against another implementation: npm hdr-histogram-js.
BOOST_AUTO_TEST_CASE(another_implementation_reads_the_same) {
  const std::string source = ORDEAL_SOURCE_DIR;
  const std::string package = source + "/packaging/npm/node_modules/hdr-histogram-js";
  BOOST_TEST_REQUIRE(std::filesystem::exists(package), "run packaging/setup first");
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("hdr_oracle." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  for (const std::uint32_t unit : {1u, 1000u}) {
    Histogram h(unit);
    for (const auto v : spread(5'000, 9)) h.record(v + unit, 1 + v % 200);
    const auto input = folder / "in";
    const auto output = folder / "out";
    std::ofstream(input) << base64(h.encode_v2_compressed());
    const std::string command = "node '" + source + "/tests/base/hdr_oracle.cjs' '" + package +
                                "' <'" + input.string() + "' >'" + output.string() + "'";
    BOOST_TEST_REQUIRE(std::system(command.c_str()) == 0);
    std::ifstream answer(output);
    std::uint64_t total = 0;
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    answer >> total >> min >> max;
    BOOST_TEST(total == h.count());
    const auto buckets = h.buckets();
    BOOST_TEST_REQUIRE(!buckets.empty());
    BOOST_TEST(min == buckets.front().from_ns / unit);
    BOOST_TEST(max == buckets.back().to_ns / unit);
    for (const double p : {0.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      std::uint64_t value = 0;
      answer >> value;
      BOOST_TEST_CONTEXT("p" << p << " unit " << unit) {
        const auto& bucket = *std::find_if(buckets.begin(), buckets.end(),
                                           [&](const auto& b) { return b.to_ns >= h.value_at(p); });
        BOOST_TEST(value == (p == 0.0 ? bucket.from_ns : bucket.to_ns) / unit);
      }
    }
    for (const auto& b : buckets) {
      std::uint64_t value = 0;
      std::uint64_t count = 0;
      BOOST_TEST_REQUIRE(static_cast<bool>(answer >> value >> count));
      BOOST_TEST_REQUIRE(value == b.from_ns / unit);
      BOOST_TEST_REQUIRE(count == b.count);
    }
    std::string rest;
    BOOST_TEST(!(answer >> rest));
  }
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
