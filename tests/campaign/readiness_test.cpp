// SPDX-License-Identifier: Apache-2.0
#include "campaign/readiness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "base/unique_fd.h"
#include "campaign/campaign_registry.h"
#include "campaign/local_ports.h"

using namespace ordeal;

namespace {

/// A port of the loopback that is ours, listened to or not.
class Port {
 public:
  explicit Port(bool listening) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    BOOST_REQUIRE(::bind(fd_.get(), raw, size) == 0);
    BOOST_REQUIRE(!listening || ::listen(fd_.get(), 8) == 0);
    BOOST_REQUIRE(::getsockname(fd_.get(), raw, &size) == 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  std::string url;

 private:
  UniqueFd fd_;
};

Campaign small_campaign() {
  Campaign campaign;
  campaign.safety.memory_percent = 100;
  campaign.safety.disk_percent = 101;
  campaign.phases.resize(1);
  campaign.phases[0].connections = 1;
  campaign.phases[0].duration = std::chrono::seconds(10);
  campaign.block = std::chrono::seconds(10);
  return campaign;
}

ReadinessCheck check_of(const Readiness& readiness, const std::string& name) {
  const auto found = std::find_if(readiness.checks.begin(), readiness.checks.end(),
                                  [&](const auto& check) { return check.name == name; });
  BOOST_REQUIRE_MESSAGE(found != readiness.checks.end(), name + " was not asked");
  return *found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readiness)

BOOST_AUTO_TEST_CASE(addresses_are_read) {
  const struct {
    const char* url;
    const char* host;
    const char* port;
  } cases[] = {{"http://example.org", "example.org", "80"},
               {"http://example.org/", "example.org", "80"},
               {"http://127.0.0.1:8080", "127.0.0.1", "8080"},
               {"http://127.0.0.1:8080/a:b/c", "127.0.0.1", "8080"},
               {"http://h:1?q=/x", "h", "1"},
               {"http://h?q", "h", "80"},
               {"http://[::1]", "::1", "80"},
               {"http://[::1]:8080/x", "::1", "8080"},
               {"http://[fe80::1%25eth0]:9/", "fe80::1%25eth0", "9"},
               {"http://h:65535", "h", "65535"},
               {"https://h/x", "h", "443"},
               {"https://h:8443", "h", "8443"}};
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.url) {
      const auto address = target_address(one.url);
      BOOST_REQUIRE_MESSAGE(static_cast<bool>(address), why(address));
      BOOST_TEST(address->host == one.host);
      BOOST_TEST(address->port == one.port);
    }
  }
}

BOOST_AUTO_TEST_CASE(other_addresses_are_refused) {
  for (const char* url : {"https://",          "https://h:0/",   "example.org",   "",
                          "http://",           "http:///x",      "http://:80/",   "http://h:",
                          "http://h:/",        "http://h:http/", "http://h:0/",   "http://h:65536/",
                          "http://h:80x/",     "http://h:-1",    "http://h:1:2/", "http://[::1",
                          "http://[::1]x:80/", "http://[]:80/",  "http://me@h/",  "ftp://h/"}) {
    BOOST_TEST_CONTEXT(url) {
      const auto address = target_address(url);
      BOOST_REQUIRE(!address);
      BOOST_TEST((address.error().code == ExitCode::invalid_config));
      BOOST_TEST(address.error().line().find("http://HOST:PORT/") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_listening_target_is_ready) {
  const TemporaryFolder folder;
  const Port port(true);
  Campaign campaign = small_campaign();
  campaign.target.http = port.url;
  const Readiness readiness = check_readiness(campaign, folder.path() + "/runs/not/yet");
  BOOST_TEST(readiness.ready(), readiness.problem());
  BOOST_TEST(readiness.problem() == "");
  BOOST_TEST(check_of(readiness, "state_folder").detail.find(folder.path()) == 0u);
}

BOOST_AUTO_TEST_CASE(an_unreachable_target_is_said_with_its_remedy) {
  const TemporaryFolder folder;
  const Port port(false);
  Campaign campaign = small_campaign();
  campaign.target.http = port.url;
  const Readiness readiness = check_readiness(campaign, folder.path());
  BOOST_TEST(!readiness.ready());
  const ReadinessCheck target = check_of(readiness, "target");
  BOOST_TEST(!target.ok);
  BOOST_TEST(target.detail.find("Connection refused") != std::string::npos, target.detail);
  BOOST_TEST(readiness.problem().find(port.url) != std::string::npos);
  BOOST_TEST(readiness.problem().find("start the target") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_url_no_target_is_asked) {
  const TemporaryFolder folder;
  const Readiness readiness = check_readiness(small_campaign(), folder.path());
  for (const auto& check : readiness.checks) BOOST_TEST(check.name != "target");
  BOOST_TEST(readiness.checks.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_full_machine_is_not_ready) {
  const TemporaryFolder folder;
  Campaign campaign = small_campaign();
  campaign.safety.memory_percent = 0;
  campaign.safety.disk_percent = 0;
  const Readiness readiness = check_readiness(campaign, folder.path());
  for (const char* name : {"memory", "disk"}) {
    const ReadinessCheck check = check_of(readiness, name);
    BOOST_TEST(!check.ok);
    BOOST_TEST(!check.detail.empty());
    BOOST_TEST(!check.remedy.empty());
    BOOST_TEST(readiness.problem().find(check.remedy) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_long_campaign_needs_more_disk) {
  const TemporaryFolder folder;
  Campaign campaign = small_campaign();
  campaign.load.resize(1);
  const auto needed = [&] {
    return check_of(check_readiness(campaign, folder.path()), "disk").limit;
  };
  const double small = needed();
  BOOST_TEST(small >= 64);  // MiB
  campaign.phases[0].duration = std::chrono::hours(10);
  BOOST_TEST(needed() > small);
  campaign.phases[0].duration = std::chrono::hours(24 * 365 * 200);
  campaign.load.resize(1000);
  BOOST_TEST(!check_of(check_readiness(campaign, folder.path()), "disk").ok);
}

BOOST_AUTO_TEST_CASE(every_connection_needs_a_descriptor) {
  const TemporaryFolder folder;
  rlimit limit{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  Campaign campaign = small_campaign();
  BOOST_TEST(check_of(check_readiness(campaign, folder.path()), "descriptors").ok);
  if (limit.rlim_max > 4'000'000'000u) return;  // as good as none
  campaign.load.resize(1);
  campaign.phases[0].connections = static_cast<std::uint32_t>(limit.rlim_max);
  const ReadinessCheck check = check_of(check_readiness(campaign, folder.path()), "descriptors");
  BOOST_TEST(!check.ok);
  BOOST_TEST(check.limit == static_cast<double>(limit.rlim_max) + 128);
  // Each cell has a limit of its own.
  campaign.load[0].workers = 2;
  BOOST_TEST(check_of(check_readiness(campaign, folder.path()), "descriptors").ok);
  campaign.load[0].workers = 1;
  campaign.load.resize(2);
  BOOST_TEST(check_of(check_readiness(campaign, folder.path()), "descriptors").ok);
}

BOOST_AUTO_TEST_CASE(every_connection_to_the_target_needs_a_local_port) {
  const TemporaryFolder folder;
  Campaign campaign = small_campaign();
  campaign.load.resize(2);
  campaign.target.http = "http://127.0.0.1:1/";
  BOOST_TEST(check_of(check_readiness(campaign, folder.path()), "ports").ok);
  const std::uint64_t range = local_ports().range;
  BOOST_TEST_REQUIRE(range > 0u);
  campaign.phases[0].connections = static_cast<std::uint32_t>(range) + 2;
  const ReadinessCheck check = check_of(check_readiness(campaign, folder.path()), "ports");
  BOOST_TEST(!check.ok);
  BOOST_TEST(check.value == static_cast<double>(range));
  BOOST_TEST(check.remedy.find("ip_local_port_range") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_a_file_is_not_writable) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  const ReadinessCheck check =
      check_of(check_readiness(small_campaign(), file + "/runs"), "state_folder");
  BOOST_TEST(!check.ok);
  BOOST_TEST(check.remedy.find("--run-dir") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(its_json_says_the_same) {
  Readiness readiness;
  readiness.checks = {{"disk", true, 5, 4, "d", "r"}, {"memory", false, 90, 80, "m", "n"}};
  const boost::json::object object = readiness_json(readiness);
  BOOST_TEST(!object.at("ready").as_bool());
  const auto& checks = object.at("checks").as_array();
  BOOST_REQUIRE_EQUAL(checks.size(), 2u);
  BOOST_TEST(checks[1].at("name").as_string() == "memory");
  BOOST_TEST(checks[1].at("value").as_double() == 90);
  BOOST_TEST(checks[1].at("remedy").as_string() == "n");
}

BOOST_AUTO_TEST_SUITE_END()
