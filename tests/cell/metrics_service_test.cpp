// SPDX-License-Identifier: Apache-2.0
// ordeal.host.metrics/1 as a plugin sees it, and what the controller is sent of it.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <memory>

#include "base/clock.h"
#include "cell/host_instance.h"

using namespace ordeal;

namespace {

struct Sent {
  std::vector<DeclaredMetric> metrics;
  std::vector<std::tuple<std::uint32_t, std::string, double>> values;
};

struct Bench {
  Bench() { instance.offer_metrics(); }
  const ordeal_host_metrics* table() {
    return static_cast<const ordeal_host_metrics*>(
        instance.host()->get_extension(instance.host(), abi_text(ORDEAL_HOST_METRICS)));
  }
  std::int32_t declare(std::string_view name, std::uint32_t& index, std::string_view labels = "",
                       std::uint32_t type = ORDEAL_METRIC_GAUGE) {
    const ordeal_metric_info info{
        sizeof info, type, abi_text(name), abi_text("bytes"), abi_text("A test"), abi_text(labels)};
    return table()->declare(instance.host(), &info, &index);
  }
  std::int32_t record(std::uint32_t index, std::string_view labels, double value) {
    return table()->record(instance.host(), index, abi_text(labels), value);
  }
  Sent take() {
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    instance.metrics()->take(out);
    Decoder in(bytes);
    Sent sent;
    sent.metrics = get_declared(in).metrics;
    for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
      const auto index = in.u32();
      const std::string labels(in.text());
      sent.values.emplace_back(index, labels, in.f64());
    }
    BOOST_TEST(in.ok());
    BOOST_TEST(in.at_end());
    return sent;
  }

  SystemClock clock;
  std::unique_ptr<Reactor> reactor = std::move(Reactor::make()).value();
  HostInstance instance{*reactor, clock, [](std::uint32_t, std::string_view) {}};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_service)

BOOST_AUTO_TEST_CASE(only_where_somebody_sends_them) {
  Bench bench;
  BOOST_TEST(bench.table() != nullptr);
  const HostInstance other(*bench.reactor, bench.clock, [](std::uint32_t, std::string_view) {});
  BOOST_TEST(other.host()->get_extension(other.host(), abi_text(ORDEAL_HOST_METRICS)) == nullptr);
}

BOOST_AUTO_TEST_CASE(newest_value_of_each_series_once) {
  Bench bench;
  std::uint32_t queue = 9;
  std::uint32_t done = 9;
  BOOST_TEST(bench.instance.metrics()->empty());
  BOOST_TEST(bench.declare("queue_bytes", queue, "device,mode") == ORDEAL_OK);
  BOOST_TEST(bench.declare("done_total", done, "", ORDEAL_METRIC_COUNTER) == ORDEAL_OK);
  BOOST_TEST(queue == 0u);
  BOOST_TEST(done == 1u);
  BOOST_TEST(!bench.instance.metrics()->empty());
  BOOST_TEST(bench.record(queue, "sda,read", 1) == ORDEAL_OK);
  BOOST_TEST(bench.record(queue, "sda,write", 2) == ORDEAL_OK);
  BOOST_TEST(bench.record(queue, "sda,read", 3) == ORDEAL_OK);
  BOOST_TEST(bench.record(done, "", 4.5) == ORDEAL_OK);
  const Sent first = bench.take();
  BOOST_TEST_REQUIRE(first.metrics.size() == 2u);
  BOOST_TEST(first.metrics[0].name == "queue_bytes");
  BOOST_TEST(first.metrics[0].unit == "bytes");
  BOOST_TEST(first.metrics[0].help == "A test");
  BOOST_TEST(first.metrics[0].labels == "device,mode");
  BOOST_TEST(first.metrics[1].type == ORDEAL_METRIC_COUNTER);
  using Values = decltype(first.values);
  BOOST_TEST((first.values == Values{{0, "sda,read", 3}, {0, "sda,write", 2}, {1, "", 4.5}}));
  BOOST_TEST(bench.instance.metrics()->empty());

  // Only what is new; numbers go on.
  std::uint32_t late = 9;
  BOOST_TEST(bench.declare("late", late) == ORDEAL_OK);
  BOOST_TEST(bench.record(done, "", 5) == ORDEAL_OK);
  const Sent second = bench.take();
  BOOST_TEST(late == 2u);
  BOOST_TEST_REQUIRE(second.metrics.size() == 1u);
  BOOST_TEST(second.metrics[0].name == "late");
  BOOST_TEST((second.values == Values{{1, "", 5}}));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused) {
  Bench bench;
  std::uint32_t index = 0;
  for (const auto* name : {"", "9lives", "with space", "dash-ed"})
    BOOST_TEST(bench.declare(name, index) == ORDEAL_E_INVALID, name);
  BOOST_TEST(bench.declare("kind", index, "", 7) == ORDEAL_E_INVALID);
  BOOST_TEST(bench.declare("twice", index, "a") == ORDEAL_OK);
  BOOST_TEST(bench.declare("twice", index, "a") == ORDEAL_E_INVALID);
  BOOST_TEST(bench.record(1, "x", 1) == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(bench.record(0, "", 1) == ORDEAL_E_INVALID);
  BOOST_TEST(bench.record(0, "x,y", 1) == ORDEAL_E_INVALID);
  BOOST_TEST(bench.record(0, "x", std::nan("")) == ORDEAL_E_INVALID);
  BOOST_TEST(bench.record(0, "x", std::numeric_limits<double>::infinity()) == ORDEAL_E_INVALID);
  BOOST_TEST(bench.take().values.empty());
}

BOOST_AUTO_TEST_CASE(bounds_hold) {
  Bench bench;
  std::uint32_t index = 0;
  BOOST_TEST(bench.declare("m0", index, "n") == ORDEAL_OK);
  for (std::size_t i = 1; i < 256; ++i)
    BOOST_TEST_REQUIRE(bench.declare("m" + std::to_string(i), index) == ORDEAL_OK);
  BOOST_TEST(index == 255u);
  BOOST_TEST(bench.declare("m256", index) == ORDEAL_E_LIMIT);
  for (std::size_t i = 0; i < InstanceMetrics::series_max; ++i)
    BOOST_TEST_REQUIRE(bench.record(0, std::to_string(i), 1) == ORDEAL_OK);
  BOOST_TEST(bench.record(0, "one more", 1) == ORDEAL_E_LIMIT);
  BOOST_TEST(bench.record(0, "7", 2) == ORDEAL_OK);
  BOOST_TEST(bench.take().values.size() == InstanceMetrics::series_max);
  BOOST_TEST(bench.record(0, "one more", 1) == ORDEAL_OK);
}

BOOST_AUTO_TEST_SUITE_END()
