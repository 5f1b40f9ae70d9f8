// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(values_come_back_in_order) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u8(255);
  out.u16(65535);
  out.u32(4'000'000'000u);
  out.u64(std::numeric_limits<std::uint64_t>::max());
  out.i32(-2'000'000'000);
  out.i64(std::numeric_limits<std::int64_t>::min());
  out.f64(-0.1);
  out.text("grüße\0!");
  out.text({});
  const std::vector<std::byte> blob(3, std::byte{7});
  out.bytes(blob);

  Decoder in(bytes);
  BOOST_TEST(in.u8() == 255u);
  BOOST_TEST(in.u16() == 65535u);
  BOOST_TEST(in.u32() == 4'000'000'000u);
  BOOST_TEST(in.u64() == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(in.i32() == -2'000'000'000);
  BOOST_TEST(in.i64() == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(in.f64() == -0.1);
  BOOST_TEST(in.text() == "grüße\0!");
  BOOST_TEST(in.text() == "");
  const auto back = in.bytes();
  BOOST_TEST((std::vector<std::byte>(back.begin(), back.end()) == blob));
  BOOST_TEST(in.ok());
  BOOST_TEST(in.at_end());
}

BOOST_AUTO_TEST_CASE(the_layout_is_little_endian) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(0x01020304);
  out.text("ab");
  const unsigned char expected[] = {4, 3, 2, 1, 2, 0, 0, 0, 'a', 'b'};
  BOOST_TEST_REQUIRE(bytes.size() == sizeof expected);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    BOOST_TEST(std::to_integer<unsigned>(bytes[i]) == expected[i]);
}

BOOST_AUTO_TEST_CASE(every_truncation_is_noticed_and_yields_zeros) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u64(1);
  out.text("text");
  out.f64(2.5);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BOOST_TEST_CONTEXT("size " << size) {
      Decoder in({bytes.data(), size});
      const auto number = in.u64();
      const auto text = in.text();
      const auto real = in.f64();
      BOOST_TEST(!in.ok());
      BOOST_TEST(in.at_end());
      BOOST_TEST(number == (size < 8 ? 0u : 1u));
      BOOST_TEST(text == (size < 16 ? "" : "text"));
      BOOST_TEST(real == 0.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_length_larger_than_the_input_reads_nothing) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(0xffffffff);
  out.u64(9);
  Decoder in(bytes);
  BOOST_TEST(in.text().empty());
  BOOST_TEST(!in.ok());
  BOOST_TEST(in.u64() == 0u);  // and nothing after it is taken for something else
}

BOOST_AUTO_TEST_SUITE_END()
