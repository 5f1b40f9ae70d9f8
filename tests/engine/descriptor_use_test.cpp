// SPDX-License-Identifier: Apache-2.0
#include "engine/descriptor_use.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <vector>

#include "base/unique_fd.h"
#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {

// Leaves this process no free descriptor while it lives.
class Exhausted {
 public:
  Exhausted() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 256);
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (;;) {
      UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!fd) break;
      taken_.push_back(std::move(fd));
    }
  }
  ~Exhausted() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
  std::vector<UniqueFd> taken_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptor_use)

BOOST_AUTO_TEST_CASE(grows_with_every_open_file) {
  const DescriptorUse before = ordeal::descriptor_use();
  BOOST_TEST(before.used > 0u);
  BOOST_TEST(before.limit >= before.used);
  std::vector<UniqueFd> files;
  for (int i = 0; i < 10; ++i) files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  BOOST_TEST(ordeal::descriptor_use().used >= before.used + 10);
}

BOOST_AUTO_TEST_CASE(knows_when_there_is_none_left) {
  BOOST_TEST(!out_of_descriptors());
  const Exhausted exhausted;
  BOOST_TEST(out_of_descriptors());
  BOOST_TEST(ordeal::descriptor_use().limit <= 256u);
}

BOOST_AUTO_TEST_CASE(the_worker_counts_what_it_can_prove) {
  FakeScenario scenario;
  scenario.on_open = [&](std::uint32_t session) {
    scenario.worker().engine()->opened(scenario.worker().engine(), session, ORDEAL_OUTCOME_REFUSED,
                                       session == 0 ? EMFILE : EADDRNOTAVAIL, nullptr, 0);
    return ORDEAL_OK;
  };
  scenario.attach();
  LoadSpec spec;
  spec.sessions = 2;
  spec.duration_ns = 30 * FakeScenario::ms;
  // The plugin says EMFILE, but there are descriptors: another protocol's 24, perhaps.
  auto frame = scenario.run(spec);
  BOOST_TEST(frame.generator.no_descriptor == 0u);
  BOOST_TEST(frame.generator.no_port > 0u);
  BOOST_TEST(frame.generator.descriptors > 0u);
  BOOST_TEST(frame.generator.descriptors_limit >= frame.generator.descriptors);
  const Exhausted exhausted;
  frame = scenario.run(spec);
  BOOST_TEST(frame.generator.no_descriptor > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
