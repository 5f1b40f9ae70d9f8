// SPDX-License-Identifier: Apache-2.0
#include "guardian/cgroup_find.h"

#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>

using namespace ordeal;

namespace {

const CgroupPlace* place(const std::vector<CgroupPlace>& places, int version, CgroupUse use) {
  const auto found = std::find_if(places.begin(), places.end(), [&](const CgroupPlace& p) {
    return p.version == version && (p.uses & bit(use)) != 0;
  });
  return found == places.end() ? nullptr : &*found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup_find)

BOOST_AUTO_TEST_CASE(hybrid) {
  const auto places = find_cgroups(
      "23 1 0:5 / / rw - ext4 /dev/vda rw\n"
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup "
      "rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
      "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
      "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n",
      "9:name=systemd:/\n8:pids:/user.slice\n6:freezer:/\n4:memory:/api/01c7\n"
      "1:cpu,cpuacct:/\n0::/user.slice/one.scope\n");
  BOOST_REQUIRE_EQUAL(places.size(), 4);
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::cpu)->own, "/sys/fs/cgroup/cpu,cpuacct");
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::memory)->own, "/sys/fs/cgroup/memory/api/01c7");
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::memory)->root, "/sys/fs/cgroup/memory");
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::pids)->own, "/sys/fs/cgroup/pids/user.slice");
  BOOST_CHECK_EQUAL(places.back().version, 2);
  BOOST_CHECK_EQUAL(places.back().own, "/sys/fs/cgroup/unified/user.slice/one.scope");
}

BOOST_AUTO_TEST_CASE(a_container_sees_a_part_of_the_hierarchy) {
  // Bind mounts of the container's own group, and the host's paths.
  const auto places = find_cgroups(
      "700 690 0:32 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
      "701 690 0:33 /docker/ab /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
      "702 690 0:34 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
      "4:memory:/docker/ab\n8:pids:/docker/ab/inner\n1:cpu:/docker/ab\n");
  BOOST_REQUIRE_EQUAL(places.size(), 2);
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::memory)->own, "/sys/fs/cgroup/memory");
  BOOST_CHECK_EQUAL(place(places, 1, CgroupUse::pids)->own, "/sys/fs/cgroup/pids/inner");
  // "/docker/abc" is not above "/docker/ab".
  BOOST_CHECK(place(places, 1, CgroupUse::cpu) == nullptr);
}

BOOST_AUTO_TEST_CASE(unified_blanks_and_two_mounts) {
  const auto places = find_cgroups(
      "30 23 0:26 /elsewhere /mnt/part rw - cgroup2 cgroup2 rw\n"
      "31 23 0:26 / /mnt/a\\040b rw - cgroup2 cgroup2 rw\n"
      "32 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "0::/user.slice/x\n");
  BOOST_REQUIRE_EQUAL(places.size(), 1);
  BOOST_CHECK_EQUAL(places[0].own, "/mnt/a b/user.slice/x");
  BOOST_CHECK_EQUAL(places[0].root, "/mnt/a b");
}

BOOST_AUTO_TEST_CASE(nonsense_is_no_place) {
  BOOST_CHECK(find_cgroups("", "").empty());
  BOOST_CHECK(
      find_cgroups("a b - cgroup2\n - \n1 2 3 4 5 6 - cgroup cgroup rw,cpu\n", "0\n::\n1:cpu\n:\n")
          .empty());
}

BOOST_AUTO_TEST_CASE(this_process_is_where_it_is_found) {
  for (const auto& found : find_cgroups()) {
    std::ifstream procs(found.own + "/cgroup.procs");
    bool there = false;
    for (int pid = 0; procs >> pid;) there = there || pid == ::getpid();
    BOOST_CHECK_MESSAGE(there, found.own);
  }
}

BOOST_AUTO_TEST_SUITE_END()
