// SPDX-License-Identifier: Apache-2.0
#include "campaign/local_ports.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

void put(const TemporaryFolder& root, const std::string& path, const std::string& text) {
  const std::filesystem::path file = root.path() + path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(local_ports)

BOOST_AUTO_TEST_CASE(the_range_without_what_is_reserved) {
  const TemporaryFolder root;
  put(root, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  BOOST_TEST(ordeal::local_ports(root.path()).range == 28232u);
  put(root, "/proc/sys/net/ipv4/ip_local_reserved_ports", "8080,40000,41000-41009,60990-65000\n");
  BOOST_TEST(ordeal::local_ports(root.path()).range == 28232u - 1 - 10 - 10);
}

BOOST_AUTO_TEST_CASE(sockets_in_time_wait) {
  const TemporaryFolder root;
  put(root, "/proc/net/sockstat",
      "sockets: used 16\nTCP: inuse 1 orphan 0 tw 336 alloc 1 mem 155\nUDP: inuse 0 mem 0\n");
  BOOST_TEST(ordeal::local_ports(root.path()).time_wait == 336u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_0) {
  const TemporaryFolder root;
  put(root, "/proc/sys/net/ipv4/ip_local_port_range", "nonsense\n");
  const PortUse use = ordeal::local_ports(root.path());
  BOOST_TEST(use.range == 0u);
  BOOST_TEST(use.time_wait == 0u);
}

BOOST_AUTO_TEST_CASE(this_machine_has_some) { BOOST_TEST(ordeal::local_ports().range > 0u); }

BOOST_AUTO_TEST_SUITE_END()
