// SPDX-License-Identifier: Apache-2.0
#include "cell/host_instance.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "ordeal/abi/clock.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/reactor.h"

using namespace ordeal;

namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return now; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return now + 1; }
  std::uint64_t now = 100'000'000'000;
};

struct Host {
  Host() {
    auto made = Reactor::make();
    BOOST_REQUIRE(made);
    reactor = std::move(*made);
    instance.emplace(*reactor, clock, [this](std::uint32_t severity, std::string_view text) {
      lines.emplace_back(severity, text);
    });
  }
  [[nodiscard]] const ordeal_host* abi() const { return instance->host(); }
  template <typename Table>
  const Table* extension(const char* id) const {
    return static_cast<const Table*>(abi()->get_extension(abi(), abi_text(id)));
  }

  SetClock clock;
  std::unique_ptr<Reactor> reactor;
  std::vector<std::pair<std::uint32_t, std::string>> lines;
  std::optional<HostInstance> instance;
};

void count(void* calls) noexcept { ++*static_cast<int*>(calls); }

}  // namespace

BOOST_AUTO_TEST_SUITE(host_instance)

BOOST_AUTO_TEST_CASE(an_error_is_taken_once) {
  Host host;
  BOOST_TEST(host.instance->take_error("none given") == "none given");
  host.abi()->set_error(host.abi(), abi_text("first"));
  host.abi()->set_error(host.abi(), abi_text("second"));
  BOOST_TEST(host.instance->take_error("none given") == "second");
  BOOST_TEST(host.instance->take_error("none given") == "none given");
  host.abi()->set_error(host.abi(), {nullptr, 0});
  BOOST_TEST(host.instance->take_error("none given") == "none given");
  host.abi()->set_error(host.abi(), abi_text(std::string(100'000, 'e')));
  BOOST_TEST(host.instance->take_error("").size() == 1024u);
}

BOOST_AUTO_TEST_CASE(extensions_are_found_by_their_exact_ids) {
  const Host host;
  const auto* log = host.extension<ordeal_host_log>(ORDEAL_HOST_LOG);
  const auto* clock = host.extension<ordeal_host_clock>(ORDEAL_HOST_CLOCK);
  const auto* reactor = host.extension<ordeal_host_reactor>(ORDEAL_HOST_REACTOR);
  BOOST_REQUIRE(log != nullptr);
  BOOST_REQUIRE(clock != nullptr);
  BOOST_REQUIRE(reactor != nullptr);
  BOOST_TEST(log->struct_size == sizeof(ordeal_host_log));
  BOOST_TEST(clock->struct_size == sizeof(ordeal_host_clock));
  BOOST_TEST(reactor->struct_size == sizeof(ordeal_host_reactor));
  for (const char* id : {"", "ordeal.host.log", "ordeal.host.log/", "ordeal.host.log/2",
                         "ordeal.host.log/1 ", "ORDEAL.HOST.LOG/1", "org.example.log/1"})
    BOOST_TEST(host.extension<void>(id) == nullptr, id);
  BOOST_TEST(host.abi()->get_extension(host.abi(), {nullptr, 0}) == nullptr);
}

BOOST_AUTO_TEST_CASE(its_clock_is_the_cells) {
  const Host host;
  const auto* clock = host.extension<ordeal_host_clock>(ORDEAL_HOST_CLOCK);
  BOOST_TEST(clock->monotonic_ns(host.abi()) == host.clock.now);
  BOOST_TEST(clock->wall_ns(host.abi()) == host.clock.now + 1);
}

BOOST_AUTO_TEST_CASE(a_posted_task_runs_once) {
  Host host;
  const auto* reactor = host.extension<ordeal_host_reactor>(ORDEAL_HOST_REACTOR);
  int calls = 0;
  BOOST_TEST(reactor->post(host.abi(), count, &calls) == ORDEAL_OK);
  BOOST_TEST(calls == 0);
  host.reactor->run_once(1'000'000'000);
  host.reactor->run_once(0);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(after_the_close_nothing_runs_and_nothing_is_taken) {
  Host host;
  int calls = 0;
  BOOST_TEST(host.instance->post(count, &calls) == ORDEAL_OK);
  host.instance->close();
  BOOST_TEST(host.instance->post(count, &calls) == ORDEAL_E_STATE);
  host.reactor->run_once(0);
  BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_CASE(a_queued_task_may_outlive_its_instance) {
  Host host;
  int calls = 0;
  int others = 0;
  HostInstance other(*host.reactor, host.clock, [](std::uint32_t, std::string_view) {});
  BOOST_TEST(host.instance->post(count, &calls) == ORDEAL_OK);
  BOOST_TEST(other.post(count, &others) == ORDEAL_OK);
  host.instance->close();
  host.instance.reset();
  host.reactor->run_once(0);
  BOOST_TEST(calls == 0);
  BOOST_TEST(others == 1);  // one instance's end is not another's
}

BOOST_AUTO_TEST_CASE(log_lines_arrive_and_long_ones_are_cut) {
  Host host;
  const auto* log = host.extension<ordeal_host_log>(ORDEAL_HOST_LOG);
  log->write(host.abi(), ORDEAL_LOG_WARNING, abi_text("hello"));
  log->write(host.abi(), ORDEAL_LOG_WARNING, abi_text(std::string(1'000'000, 'x')));
  BOOST_REQUIRE_EQUAL(host.lines.size(), 2u);
  BOOST_TEST(host.lines[0].first == std::uint32_t{ORDEAL_LOG_WARNING});
  BOOST_TEST(host.lines[0].second == "hello");
  BOOST_TEST(host.lines[1].second.size() == 4096u);
}

BOOST_AUTO_TEST_CASE(beyond_a_thousand_lines_a_second_drops_are_counted) {
  Host host;
  for (int i = 0; i < 1500; ++i) host.instance->write_log(1, "line");
  BOOST_TEST(host.lines.size() == 1000u);
  host.clock.now += 999'999'999;
  host.instance->write_log(1, "still the same second");
  BOOST_TEST(host.lines.size() == 1000u);
  host.clock.now += 1;
  host.instance->write_log(1, "next second");
  BOOST_REQUIRE_EQUAL(host.lines.size(), 1002u);
  BOOST_TEST(host.lines[1000].first == std::uint32_t{ORDEAL_LOG_WARNING});
  BOOST_TEST(host.lines[1000].second.starts_with("501 lines were dropped"),
             host.lines[1000].second);
  BOOST_TEST(host.lines[1001].second == "next second");
  // All of that second's are there again, and nothing was dropped.
  for (int i = 1; i < 1000; ++i) host.instance->write_log(1, "line");
  host.clock.now += 1'000'000'000;
  host.instance->write_log(1, "last");
  BOOST_TEST(host.lines.size() == 1002u + 999 + 1);
}

BOOST_AUTO_TEST_SUITE_END()
