// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "ordeal/abi/scenario.h"
#include "ordeal/host.hpp"
#include "ordeal/testing/fake_host.hpp"

namespace {

ordeal_result full() {
  ordeal_result result{};
  result.struct_size = sizeof result;
  result.outcome = 3;
  result.code = 404;
  result.bytes_out = 10;
  result.requests = 7;
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(abi_read)

BOOST_AUTO_TEST_CASE(an_equal_struct_is_copied_whole) {
  const ordeal_result from = full();
  const ordeal_result to = ordeal::abi::read(&from);
  BOOST_TEST(std::memcmp(&from, &to, sizeof from) == 0);
}

BOOST_AUTO_TEST_CASE(a_shorter_struct_leaves_the_rest_zero) {
  ordeal_result from = full();
  from.struct_size = offsetof(ordeal_result, bytes_out);
  const ordeal_result to = ordeal::abi::read(&from);
  BOOST_TEST(to.struct_size == offsetof(ordeal_result, bytes_out));
  BOOST_TEST(to.code == 404);
  BOOST_TEST(to.bytes_out == 0U);
  BOOST_TEST(to.requests == 0U);
}

BOOST_AUTO_TEST_CASE(nothing_behind_struct_size_is_read) {
  // a heap block of exactly the announced size: a sanitizer would notice one byte more
  const std::size_t size = offsetof(ordeal_result, bytes_in);
  std::vector<unsigned char> bytes(size);
  ordeal_result from = full();
  from.struct_size = static_cast<std::uint32_t>(size);
  std::memcpy(bytes.data(), &from, size);
  const ordeal_result to =
      ordeal::abi::read(static_cast<const ordeal_result*>(static_cast<void*>(bytes.data())));
  BOOST_TEST(to.bytes_out == 10U);
  BOOST_TEST(to.bytes_in == 0U);
}

BOOST_AUTO_TEST_CASE(a_longer_struct_is_cut) {
  struct Newer {
    ordeal_result known;
    std::uint64_t more = UINT64_MAX;
  } newer{full()};
  newer.known.struct_size = sizeof newer;
  const ordeal_result to = ordeal::abi::read(&newer.known);
  BOOST_TEST(to.struct_size == sizeof to);
  BOOST_TEST(to.requests == 7U);
}

BOOST_AUTO_TEST_CASE(null_reads_as_zero) {
  const ordeal_result to = ordeal::abi::read<ordeal_result>(nullptr);
  BOOST_TEST(to.struct_size == 0U);
  BOOST_TEST(to.outcome == 0U);
}

BOOST_AUTO_TEST_CASE(fill_stops_where_the_reader_ends) {
  struct Room {
    ordeal_result known{};
    std::uint64_t behind = 42;
  } room;
  room.known.struct_size = offsetof(ordeal_result, bytes_out);
  room.known.bytes_out = 1;
  ordeal::abi::fill(&room.known, full());
  BOOST_TEST(room.known.code == 404);
  BOOST_TEST(room.known.bytes_out == 1U);
  BOOST_TEST(room.known.struct_size == offsetof(ordeal_result, bytes_out));
  room.known.struct_size = sizeof room;
  ordeal::abi::fill(&room.known, full());
  BOOST_TEST(room.known.requests == 7U);
  BOOST_TEST(room.behind == 42U);
}

BOOST_AUTO_TEST_CASE(a_table_shorter_than_we_know_has_no_function_there) {
  // a host of an older minor, whose reactor ended before `post`
  static ordeal_host_reactor older{};
  older.struct_size = offsetof(ordeal_host_reactor, post);
  older.post = [](const ordeal_host*, ordeal_task_fn, void*) noexcept -> std::int32_t {
    return ORDEAL_OK;
  };
  ordeal_host raw{};
  raw.struct_size = sizeof raw;
  raw.get_extension = [](const ordeal_host*, ordeal_str id) noexcept -> const void* {
    return ordeal::abi::view(id) == ORDEAL_HOST_REACTOR ? &older : nullptr;
  };
  struct Task {
    void run() noexcept {}
  } task;
  const ordeal::Host host(&raw);
  BOOST_TEST(host.post<&Task::run>(&task) == ORDEAL_E_UNSUPPORTED);
}

BOOST_AUTO_TEST_CASE(empty_texts) {
  BOOST_TEST(ordeal::abi::view({nullptr, 0}).empty());
  BOOST_TEST(ordeal::abi::view({nullptr, 5}).empty());
  BOOST_TEST(ordeal::abi::str("abc").len == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
