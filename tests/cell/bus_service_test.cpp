// SPDX-License-Identifier: Apache-2.0
// ordeal.host.bus/1 as a plugin sees it, and what its cell tells the controller of it.
#include <boost/test/unit_test.hpp>
#include <memory>

#include "base/clock.h"
#include "cell/host_instance.h"

using namespace ordeal;

namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return now; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return now; }
  std::uint64_t now = 50'000'000'000;
};

struct Seen {
  ordeal_event event;
  std::string payload;
  std::string body;
};

struct Bench {
  Bench() {
    instance.offer_bus(7, {{"a.b/out", "a.b/more"}, {"a.b/other", "a.b/in"}},
                       [this](CellMessage type, const std::vector<std::byte>& bytes) {
                         sent.emplace_back(type, bytes);
                       });
  }
  const ordeal_host* host() { return instance.host(); }
  const ordeal_host_bus* table() {
    return static_cast<const ordeal_host_bus*>(
        host()->get_extension(host(), abi_text(ORDEAL_HOST_BUS)));
  }
  std::int32_t publish(std::string_view topic, std::string_view payload,
                       std::string_view body = "") {
    return table()->publish(host(), abi_text(topic), payload.data(),
                            static_cast<std::uint32_t>(payload.size()), abi_text(body));
  }
  std::int32_t subscribe(std::string_view topic) {
    return table()->subscribe(
        host(), abi_text(topic),
        [](void* user, const ordeal_event* event) noexcept {
          auto& bench = *static_cast<Bench*>(user);
          bench.clock.now += bench.cost_ns;
          bench.seen.push_back({*event,
                                {static_cast<const char*>(event->payload), event->payload_size},
                                std::string(view(event->body))});
        },
        this);
  }
  /// As the controller sends them.
  void deliver(std::uint32_t topic, std::uint64_t first_seq, std::uint32_t count) {
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string text = "event " + std::to_string(first_seq + i);
      TopicEvent event{topic, 3, 4, 5, first_seq + i, 6, {}, {}};
      event.payload = std::as_bytes(std::span(text));
      event.body = std::as_bytes(std::span(text));
      put(out, event);
    }
    Decoder in(bytes);
    instance.bus()->deliver(in);
    BOOST_TEST(in.ok());
    BOOST_TEST(in.at_end());
  }
  void turn() { reactor->run_once(0); }

  std::uint64_t cost_ns = 0;  // how long the subscriber takes for an event
  SetClock clock;
  std::unique_ptr<Reactor> reactor = std::move(Reactor::make()).value();
  std::vector<std::pair<CellMessage, std::vector<std::byte>>> sent;
  std::vector<Seen> seen;
  HostInstance instance{*reactor, clock, [](std::uint32_t, std::string_view) {}};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bus_service)

BOOST_AUTO_TEST_CASE(only_where_somebody_passes_it_on) {
  Bench bench;
  BOOST_TEST(bench.table() != nullptr);
  const HostInstance other(*bench.reactor, bench.clock, [](std::uint32_t, std::string_view) {});
  BOOST_TEST(other.host()->get_extension(other.host(), abi_text(ORDEAL_HOST_BUS)) == nullptr);
}

BOOST_AUTO_TEST_CASE(what_is_published_is_sent_with_its_number) {
  Bench bench;
  BOOST_TEST(bench.publish("a.b/more", "hello", "world") == ORDEAL_OK);
  BOOST_TEST(bench.table()->publish(bench.host(), abi_text("a.b/out"), nullptr, 0, {nullptr, 0}) ==
             ORDEAL_OK);
  BOOST_TEST_REQUIRE(bench.sent.size() == 2u);
  BOOST_TEST((bench.sent[0].first == CellMessage::publish));
  Decoder in(bench.sent[0].second);
  BOOST_TEST(in.u32() == 7u);
  BOOST_TEST(in.u32() == 1u);
  BOOST_TEST(in.text() == "hello");
  BOOST_TEST(in.text() == "world");
  BOOST_TEST(in.at_end());
  BOOST_TEST(bench.instance.bus()->undeclared() == "");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused_and_not_sent) {
  Bench bench;
  const std::string large(ORDEAL_EVENT_PAYLOAD_MAX + 1, 'x');
  const std::string huge(ORDEAL_EVENT_BODY_MAX + 1, 'x');
  BOOST_TEST(bench.publish("a.b/out", large) == ORDEAL_E_LIMIT);
  BOOST_TEST(bench.publish("a.b/out", "", huge) == ORDEAL_E_LIMIT);
  BOOST_TEST(bench.table()->publish(bench.host(), abi_text("a.b/out"), nullptr, 1, {}) ==
             ORDEAL_E_INVALID);
  BOOST_TEST(bench.table()->subscribe(bench.host(), abi_text("a.b/in"), nullptr, nullptr) ==
             ORDEAL_E_INVALID);
  BOOST_TEST(bench.sent.empty());
  BOOST_TEST(bench.publish("a.b/out", large.substr(1), huge.substr(1)) == ORDEAL_OK);
  bench.instance.close();
  BOOST_TEST(bench.publish("a.b/out", "") == ORDEAL_E_STATE);
  BOOST_TEST(bench.subscribe("a.b/in") == ORDEAL_E_STATE);
}

BOOST_AUTO_TEST_CASE(an_undeclared_topic_is_not_found_and_remembered) {
  Bench bench;
  // Declared for the other direction is not declared.
  BOOST_TEST(bench.publish("a.b/in", "") == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(bench.subscribe("a.b/out") == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(bench.publish("a.b/outer", "") == ORDEAL_E_NOT_FOUND);
  BOOST_TEST(bench.instance.bus()->undeclared() ==
             "it publishes on topic 'a.b/in', which its manifest does not declare in "
             "topics.publishes");
  BOOST_TEST(bench.sent.empty());
}

BOOST_AUTO_TEST_CASE(a_hundred_events_a_second_and_no_more) {
  Bench bench;
  for (std::uint32_t i = 0; i < ORDEAL_EVENTS_PER_SECOND; ++i) {
    BOOST_TEST_REQUIRE(bench.publish("a.b/out", "") == ORDEAL_OK);
    bench.clock.now += 1'000'000;
  }
  BOOST_TEST(bench.publish("a.b/more", "") == ORDEAL_E_LIMIT);
  // In any second, not in each of the clock's.
  bench.clock.now += 899'999'999;
  BOOST_TEST(bench.publish("a.b/out", "") == ORDEAL_E_LIMIT);
  bench.clock.now += 1;
  BOOST_TEST(bench.publish("a.b/out", "") == ORDEAL_OK);
  BOOST_TEST(bench.publish("a.b/out", "") == ORDEAL_E_LIMIT);
  BOOST_TEST(bench.sent.size() == ORDEAL_EVENTS_PER_SECOND + 1);
  BOOST_TEST(bench.instance.bus()->take_refused() == 3u);
  BOOST_TEST(bench.instance.bus()->take_refused() == 0u);
}

BOOST_AUTO_TEST_CASE(slow_events_come_one_each_turn_and_are_acknowledged) {
  Bench bench;
  bench.cost_ns = 1'000'000;
  BOOST_TEST(bench.subscribe("a.b/in") == ORDEAL_OK);
  BOOST_TEST(bench.subscribe("a.b/in") == ORDEAL_E_STATE);
  BOOST_TEST_REQUIRE(bench.sent.size() == 1u);
  BOOST_TEST((bench.sent[0].first == CellMessage::subscribed));
  Decoder subscribed(bench.sent[0].second);
  BOOST_TEST(subscribed.u32() == 7u);
  BOOST_TEST(subscribed.u32() == 1u);
  bench.sent.clear();

  bench.deliver(1, 100, 20);
  BOOST_TEST(bench.seen.empty());  // never from inside another call
  bench.turn();
  BOOST_TEST(bench.seen.size() == 1u);
  for (int i = 0; i < 19; ++i) bench.turn();
  BOOST_TEST_REQUIRE(bench.seen.size() == 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    const Seen& one = bench.seen[i];
    BOOST_TEST(one.event.struct_size == sizeof(ordeal_event));
    BOOST_TEST(one.event.topic == 1u);
    BOOST_TEST(one.event.revision == 3u);
    BOOST_TEST(one.event.source == 4u);
    BOOST_TEST(one.event.generation == 5u);
    BOOST_TEST(one.event.seq == 100 + i);
    BOOST_TEST(one.event.mono_ns == 6u);
    BOOST_TEST(one.payload == "event " + std::to_string(100 + i));
    BOOST_TEST(one.body == one.payload);
  }
  std::uint32_t taken = 0;
  for (const auto& [type, bytes] : bench.sent) {
    BOOST_TEST((type == CellMessage::taken));
    Decoder in(bytes);
    BOOST_TEST(in.u32() == 7u);
    taken += in.u32();
  }
  BOOST_TEST(taken == 20u);
  BOOST_TEST(bench.sent.size() < 20u);
}

BOOST_AUTO_TEST_CASE(quick_events_share_a_turn) {
  Bench bench;
  bench.cost_ns = 50'000;
  BOOST_TEST(bench.subscribe("a.b/in") == ORDEAL_OK);
  bench.deliver(1, 1, 10);
  bench.turn();
  BOOST_TEST(bench.seen.size() == 4u);
  bench.turn();
  bench.turn();
  BOOST_TEST(bench.seen.size() == 10u);
}

BOOST_AUTO_TEST_CASE(nothing_is_called_after_the_instance) {
  Bench bench;
  bench.cost_ns = 1'000'000;
  BOOST_TEST(bench.subscribe("a.b/in") == ORDEAL_OK);
  bench.deliver(1, 1, 3);
  bench.turn();
  bench.instance.close();
  bench.turn();
  bench.turn();
  BOOST_TEST(bench.seen.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
