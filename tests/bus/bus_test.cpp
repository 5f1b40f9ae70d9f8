// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.h"

#include <poll.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <numeric>
#include <thread>

using namespace ordeal;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr auto patience = seconds(60);

struct FixedClock final : Clock {
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return 42; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return 43; }
};

const FixedClock fixed_clock;

const std::vector<TopicSpec> all_topics{{"control/1", Overflow::control, 1},
                                        {"state/1", Overflow::state, 3},
                                        {"stream/1", Overflow::stream, 1}};
constexpr std::uint32_t control = 0, state = 1, stream = 2;
const std::vector<std::string> all_names{"control/1", "state/1", "stream/1"};

std::shared_ptr<Subscription> subscribe(Bus& bus, const std::string& name,
                                        const std::vector<std::string>& topics = all_names,
                                        std::size_t depth = 256) {
  auto made = bus.subscribe(name, topics, depth);
  BOOST_TEST_REQUIRE(!!made, (made ? "" : made.error().line()));
  return made.value();
}

/// A publisher's number and its count, as a payload.
struct Mark {
  std::uint32_t publisher = 0;
  std::uint32_t number = 0;
};

bool publish(Bus& bus, std::uint32_t topic, Mark mark, std::uint64_t key = 0) {
  return bus.publish(topic, std::as_bytes(std::span(&mark, 1)), {}, mark.publisher, 0, key);
}

Mark mark_of(const Event& event) {
  Mark mark;
  std::memcpy(&mark, event.payload, sizeof mark);
  return mark;
}

std::vector<Event> drain(Subscription& subscription) {
  std::vector<Event> events;
  for (Event event; subscription.next(event);) events.push_back(event);
  return events;
}

/// Reads until the bus is closed, as a subscriber's thread does.
std::vector<Event> read_to_the_end(Subscription& subscription, milliseconds pause = {}) {
  std::vector<Event> events;
  while (subscription.wait(patience))
    for (Event event; subscription.next(event);) {
      events.push_back(event);
      if (pause.count() != 0 && events.size() % 64 == 0) std::this_thread::sleep_for(pause);
    }
  return events;
}

bool readable(int fd, int timeout_ms = 0) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) == 1;
}

std::map<std::string, DropCount> drops_by_subscriber(const Bus& bus) {
  std::map<std::string, DropCount> counts;
  for (auto& count : bus.drops()) counts[count.subscriber] = count;
  return counts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bus)

BOOST_AUTO_TEST_CASE(an_event_arrives_as_it_was_published) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader");
  const auto other = subscribe(*bus, "other", {"stream/1"});
  BOOST_TEST(bus->topic("state/1") == 1);
  BOOST_TEST(bus->topic("nothing/1") == -1);
  bus->start();
  std::vector<std::byte> payload(event_payload_max, std::byte{5});
  const auto body = std::make_shared<const std::vector<std::byte>>(100'000, std::byte{6});
  BOOST_TEST(bus->publish(state, payload, body, 7, 8, 9));
  BOOST_TEST(bus->publish(control, {}));
  payload.push_back(std::byte{5});
  BOOST_TEST(!bus->publish(control, payload));  // larger than an event
  BOOST_TEST(!bus->publish(3, {}));             // no such topic
  bus->close();
  BOOST_TEST(!bus->publish(control, {}));
  BOOST_TEST(!bus->failed());

  const auto events = drain(*reader);
  BOOST_TEST_REQUIRE(events.size() == 2u);
  const auto& header = events[0].header;
  BOOST_TEST(header.size == event_payload_max);
  BOOST_TEST(header.topic == state);
  BOOST_TEST(header.revision == 3u);
  BOOST_TEST(header.node != 0u);
  BOOST_TEST(header.source == 7u);
  BOOST_TEST(header.generation == 8u);
  BOOST_TEST(header.key == 9u);
  BOOST_TEST(header.seq == 1u);
  BOOST_TEST(header.mono_ns == 42u);
  BOOST_TEST((events[0].payload[event_payload_max - 1] == std::byte{5}));
  BOOST_TEST(events[0].body == body);
  BOOST_TEST(events[1].header.size == 0u);
  BOOST_TEST(events[1].header.seq == 2u);
  BOOST_TEST(drain(*other).empty());
}

BOOST_AUTO_TEST_CASE(subscribing_is_checked) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto unknown = bus->subscribe("reader", {"stream/1", "steam/1"});
  BOOST_TEST_REQUIRE(!unknown);
  BOOST_TEST(unknown.error().what.find("steam/1") != std::string::npos);
  const auto twice = subscribe(*bus, "twice", {"stream/1", "stream/1"});
  bus->start();
  BOOST_TEST(!bus->subscribe("late", {"stream/1"}));
  BOOST_TEST(publish(*bus, stream, {}));
  bus->close();
  BOOST_TEST(drain(*twice).size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_subscribers_see_one_total_order_and_control_loses_nothing) {
  constexpr std::uint32_t publishers = 4;
  constexpr std::uint32_t each = 3'000;
  const auto bus = Bus::make(all_topics, fixed_clock, 64, patience);
  const auto left = subscribe(*bus, "left", all_names, 16);
  const auto right = subscribe(*bus, "right", all_names, 300);
  bus->start();
  std::vector<Event> seen[2];
  std::thread readers[] = {std::thread([&] { seen[0] = read_to_the_end(*left, milliseconds(1)); }),
                           std::thread([&] { seen[1] = read_to_the_end(*right); })};
  std::vector<std::thread> writers;
  std::atomic<std::uint32_t> refused{0};
  for (std::uint32_t p = 0; p < publishers; ++p)
    writers.emplace_back([&, p] {
      for (std::uint32_t i = 0; i < each; ++i)
        if (!publish(*bus, i % 3, {p, i}, i % 5)) ++refused;
    });
  for (auto& writer : writers) writer.join();
  bus->close();
  for (auto& reader : readers) reader.join();
  BOOST_TEST(refused == 0u);
  BOOST_TEST(!bus->failed());

  std::map<std::uint64_t, Mark> order;
  for (const auto& events : seen) {
    BOOST_TEST(!events.empty());
    std::uint64_t last = 0;
    std::vector<std::vector<std::uint32_t>> controls(publishers);
    std::vector<std::uint32_t> latest(publishers);
    for (const auto& event : events) {
      BOOST_TEST_REQUIRE(event.header.seq > last);
      last = event.header.seq;
      const auto mark = mark_of(event);
      // The same number is the same event for both.
      const auto [known, fresh] = order.try_emplace(last, mark);
      BOOST_TEST_REQUIRE(known->second.publisher == mark.publisher);
      BOOST_TEST_REQUIRE(known->second.number == mark.number);
      if (event.header.topic == control) controls[mark.publisher].push_back(mark.number);
      // And a publisher's own order holds.
      auto& before = latest[mark.publisher];
      BOOST_TEST_REQUIRE((mark.number >= before));
      before = mark.number;
    }
    for (const auto& numbers : controls) {
      BOOST_TEST_REQUIRE(numbers.size() == each / 3);
      for (std::uint32_t i = 0; i < numbers.size(); ++i) BOOST_TEST_REQUIRE(numbers[i] == 3 * i);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_event_of_a_stream_is_received_or_counted) {
  constexpr std::uint32_t publishers = 4;
  constexpr std::uint32_t each = 5'000;
  const auto bus = Bus::make(all_topics, fixed_clock, 32);
  const auto slow = subscribe(*bus, "slow", {"stream/1"}, 8);
  const auto quick = subscribe(*bus, "quick", {"stream/1"}, 1024);
  const auto idle = subscribe(*bus, "idle", {"stream/1"}, 5);
  bus->start();
  std::vector<Event> seen[2];
  std::thread readers[] = {std::thread([&] { seen[0] = read_to_the_end(*slow, milliseconds(2)); }),
                           std::thread([&] { seen[1] = read_to_the_end(*quick); })};
  std::vector<std::thread> writers;
  for (std::uint32_t p = 0; p < publishers; ++p)
    writers.emplace_back([&, p] {
      for (std::uint32_t i = 0; i < each; ++i) publish(*bus, stream, {p, i});
    });
  for (auto& writer : writers) writer.join();
  bus->close();
  for (auto& reader : readers) reader.join();
  auto counts = drops_by_subscriber(*bus);
  BOOST_TEST(seen[0].size() + counts["slow"].dropped == publishers * each);
  BOOST_TEST(seen[1].size() + counts["quick"].dropped == publishers * each);
  BOOST_TEST(drain(*idle).size() == 5u);
  BOOST_TEST(counts["idle"].dropped == publishers * each - 5);
  BOOST_TEST(counts["idle"].topic == "stream/1");
  BOOST_TEST(counts["idle"].replaced == 0u);
  BOOST_TEST(!bus->failed());
}

BOOST_AUTO_TEST_CASE(a_stream_keeps_the_oldest_and_drops_the_newest) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader", {"stream/1"}, 3);
  bus->start();
  for (std::uint32_t i = 0; i < 10; ++i) publish(*bus, stream, {0, i});
  bus->close();
  const auto events = drain(*reader);
  BOOST_TEST_REQUIRE(events.size() == 3u);
  for (std::uint32_t i = 0; i < 3; ++i) BOOST_TEST(mark_of(events[i]).number == i);
  BOOST_TEST(drops_by_subscriber(*bus)["reader"].dropped == 7u);
}

BOOST_AUTO_TEST_CASE(a_slow_subscriber_sees_only_the_newest_state_of_each_key) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader", all_names, 4);
  bus->start();
  for (std::uint32_t i = 0; i < 300; ++i) BOOST_TEST(publish(*bus, state, {0, i}, i % 3));
  publish(*bus, stream, {0, 300});
  BOOST_TEST(publish(*bus, state, {0, 301}, 1));
  bus->close();
  const auto events = drain(*reader);
  std::vector<std::uint32_t> numbers;
  for (const auto& event : events) numbers.push_back(mark_of(event).number);
  // In the order of their publication, though they waited in different places; 298 was overtaken.
  const std::vector<std::uint32_t> expected{297, 299, 300, 301};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());
  BOOST_TEST(drops_by_subscriber(*bus)["reader"].replaced == 298u);
  BOOST_TEST(drops_by_subscriber(*bus)["reader"].dropped == 0u);
}

BOOST_AUTO_TEST_CASE(states_of_too_many_keys_lose_the_oldest_and_count_it) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader", {"state/1"}, 4);
  bus->start();
  for (std::uint32_t i = 0; i < state_keys_max + 10; ++i) publish(*bus, state, {0, i}, i);
  bus->close();
  const auto events = drain(*reader);
  BOOST_TEST_REQUIRE(events.size() == state_keys_max);
  BOOST_TEST(mark_of(events.front()).number == 10u);
  BOOST_TEST(drops_by_subscriber(*bus)["reader"].dropped == 10u);
}

BOOST_AUTO_TEST_CASE(control_blocks_and_goes_on_when_there_is_room) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, patience);
  const auto reader = subscribe(*bus, "reader", {"control/1"}, 2);
  const auto other = subscribe(*bus, "other", all_names, 100);
  bus->start();
  std::atomic<std::uint32_t> published{0};
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < 3; ++i)
      if (publish(*bus, control, {0, i})) ++published;
  });
  while (published < 2) std::this_thread::yield();
  // The third waits for the reader; meanwhile nobody else is held up.
  BOOST_TEST(publish(*bus, stream, {1, 0}));
  Event event;
  for (bool streamed = false; !streamed;) {
    BOOST_TEST_REQUIRE(other->wait(patience));
    while (other->next(event)) streamed = streamed || event.header.topic == stream;
  }
  std::this_thread::sleep_for(milliseconds(20));
  BOOST_TEST(published == 2u);
  BOOST_TEST_REQUIRE(reader->wait(patience));
  BOOST_TEST(reader->next(event));
  writer.join();
  BOOST_TEST(published == 3u);
  bus->close();
  BOOST_TEST(drain(*reader).size() == 2u);
  BOOST_TEST(!bus->failed());
}

BOOST_AUTO_TEST_CASE(control_fails_closed_at_the_deadline) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, milliseconds(30));
  // Places for the three events both get, and the two only one gets: a refused event takes none.
  const auto well = subscribe(*bus, "well", {"control/1", "stream/1"}, 5);
  const auto stuck = subscribe(*bus, "stuck", {"control/1"}, 3);
  bus->start();
  for (std::uint32_t i = 0; i < 3; ++i) BOOST_TEST(publish(*bus, control, {0, i}));
  BOOST_TEST(!bus->failed());
  const auto start = std::chrono::steady_clock::now();
  BOOST_TEST(!publish(*bus, control, {0, 3}));
  BOOST_TEST((std::chrono::steady_clock::now() - start >= milliseconds(30)));
  BOOST_TEST(bus->failed());
  // Room comes too late: what would follow a gap is not taken. The lossy topics go on.
  Event event;
  while (!stuck->next(event)) BOOST_TEST_REQUIRE(stuck->wait(patience));
  BOOST_TEST(!publish(*bus, control, {0, 4}));
  BOOST_TEST(publish(*bus, stream, {0, 5}));
  BOOST_TEST(publish(*bus, stream, {0, 6}));
  bus->close();
  BOOST_TEST(drain(*stuck).size() == 2u);
  BOOST_TEST(drain(*well).size() == 5u);
  const auto counts = bus->drops();
  BOOST_TEST_REQUIRE(counts.size() == 1u);  // only the one to blame
  BOOST_TEST(counts[0].subscriber == "stuck");
  BOOST_TEST(counts[0].topic == "control/1");
  BOOST_TEST(counts[0].dropped == 1u);
}

BOOST_AUTO_TEST_CASE(streams_cannot_take_the_place_promised_to_control) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, patience);
  const auto reader = subscribe(*bus, "reader", {"control/1", "stream/1"}, 4);
  // Not started: everything waits in the ingress, the control events last.
  for (std::uint32_t i = 0; i < 10; ++i) publish(*bus, stream, {0, i});
  for (std::uint32_t i = 10; i < 13; ++i) BOOST_TEST(publish(*bus, control, {0, i}));
  bus->start();
  bus->close();
  std::vector<std::uint32_t> numbers;
  for (const auto& event : drain(*reader)) numbers.push_back(mark_of(event).number);
  const std::vector<std::uint32_t> expected{0, 10, 11, 12};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());
  BOOST_TEST(drops_by_subscriber(*bus)["reader"].dropped == 9u);
}

BOOST_AUTO_TEST_CASE(a_full_ingress_follows_the_topics_too) {
  const auto bus = Bus::make(all_topics, fixed_clock, 4, milliseconds(20));
  const auto reader = subscribe(*bus, "reader");
  // Not started, so the ingress fills.
  for (std::uint32_t i = 0; i < 3; ++i) BOOST_TEST(publish(*bus, stream, {0, i}));
  BOOST_TEST(publish(*bus, state, {0, 3}, 1));
  BOOST_TEST(publish(*bus, stream, {0, 4}));    // dropped
  BOOST_TEST(publish(*bus, state, {0, 5}, 1));  // replaces 3
  BOOST_TEST(publish(*bus, state, {0, 6}, 2));  // a new key: waits, then is dropped
  BOOST_TEST(!bus->failed());
  BOOST_TEST(!publish(*bus, control, {0, 7}));
  BOOST_TEST(bus->failed());
  bus->close();
  std::vector<std::uint32_t> numbers;
  for (const auto& event : drain(*reader)) numbers.push_back(mark_of(event).number);
  const std::vector<std::uint32_t> expected{0, 1, 2, 5};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());
  std::uint64_t dropped = 0, replaced = 0;
  for (const auto& count : bus->drops()) dropped += count.dropped, replaced += count.replaced;
  BOOST_TEST(dropped == 3u);
  BOOST_TEST(replaced == 1u);
}

BOOST_AUTO_TEST_CASE(closing_delivers_what_was_published_and_frees_who_waits) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, patience);
  const auto reader = subscribe(*bus, "reader", {"control/1"}, 1);
  bus->start();
  BOOST_TEST(publish(*bus, control, {0, 0}));
  std::atomic<bool> begun{false};
  std::atomic<bool> accepted{true};
  std::thread writer([&] {
    begun = true;
    accepted = publish(*bus, control, {0, 1});
  });
  while (!begun) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(10));
  bus->close();
  bus->close();
  writer.join();
  BOOST_TEST(!accepted);
  BOOST_TEST(!bus->failed());  // whoever closes knows that nothing follows
  BOOST_TEST(reader->wait(patience));
  BOOST_TEST(drain(*reader).size() == 1u);
  BOOST_TEST(!reader->wait(patience));  // at once: closed and drained
}

BOOST_AUTO_TEST_CASE(a_batch_is_taken_in_place_and_in_order) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, milliseconds(20));
  const auto reader = subscribe(*bus, "reader", {"control/1", "stream/1"}, 128);
  bus->start();
  std::vector<Mark> marks(100);
  std::vector<Outgoing> batch(100);
  const auto body = std::make_shared<const std::vector<std::byte>>(3, std::byte{7});
  for (std::uint32_t i = 0; i < 100; ++i) {
    marks[i] = {1, i};
    batch[i].payload = std::as_bytes(std::span(&marks[i], 1));
    if (i % 10 == 0) batch[i].body = body;
  }
  BOOST_TEST(bus->publish_batch(stream, batch, 5, 6) == 100u);
  BOOST_TEST(bus->publish_batch(stream, {}) == 0u);
  BOOST_TEST(bus->publish_batch(9, batch) == 0u);
  std::uint32_t next = 0;
  const auto look = [&](const Event& event) {
    BOOST_TEST(mark_of(event).number == next);
    BOOST_TEST(event.header.seq == next + 1);
    BOOST_TEST(event.header.source == 5u);
    BOOST_TEST(event.header.generation == 6u);
    BOOST_TEST((event.body == (next % 10 == 0 ? body : nullptr)));
    ++next;
  };
  BOOST_TEST(reader->take(look, 30) == 30u);
  BOOST_TEST(reader->take(look, 1000) == 70u);
  BOOST_TEST(reader->take(look, 1000) == 0u);
  BOOST_TEST(body.use_count() == 11);  // ours, and the batch's: no place in a ring keeps one
  // What fits of a control batch is accepted; the rest fails the topic, and only that one.
  std::vector<Outgoing> too_many(batch);
  too_many.insert(too_many.end(), batch.begin(), batch.end());
  BOOST_TEST(bus->publish_batch(control, too_many) == 128u);
  BOOST_TEST(bus->failed());
  BOOST_TEST(drain(*reader).size() == 128u);
  BOOST_TEST(bus->publish_batch(stream, batch) == 100u);
  BOOST_TEST(drain(*reader).size() == 100u);
}

BOOST_AUTO_TEST_CASE(taking_in_place_keeps_the_order_of_states_too) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader", all_names, 16);
  bus->start();
  for (std::uint32_t i = 0; i < 9; ++i) BOOST_TEST(publish(*bus, i % 3, {0, i}, i));
  std::vector<std::uint32_t> numbers;
  BOOST_TEST(reader->take([&](const Event& e) { numbers.push_back(mark_of(e).number); }, 5) == 5u);
  BOOST_TEST(reader->take([&](const Event& e) { numbers.push_back(mark_of(e).number); }, 99) == 4u);
  const std::vector<std::uint32_t> expected{0, 1, 2, 3, 4, 5, 6, 7, 8};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_publisher_that_must_not_wait_is_told_so) {
  const auto bus = Bus::make({{"control/1", Overflow::control, 1},
                              {"other/1", Overflow::control, 1},
                              {"stream/1", Overflow::stream, 1}},
                             fixed_clock, 1024, patience);
  const auto stuck = subscribe(*bus, "stuck", {"control/1"}, 1);
  const auto well = subscribe(*bus, "well", {"control/1", "other/1"}, 8);
  bus->start();
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::yes));
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::full));
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::full));
  Event event;
  BOOST_TEST(stuck->next(event));
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::yes));
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::full));
  BOOST_TEST((bus->try_publish(7, {}) == Accepted::no));
  BOOST_TEST((bus->try_publish(2, {}) == Accepted::yes));
  BOOST_TEST(!bus->failed());
  bus->give_up(2);  // a stream cannot fail
  BOOST_TEST(!bus->failed());
  bus->give_up(0);
  bus->give_up(0);
  BOOST_TEST(bus->failed());
  BOOST_TEST((bus->try_publish(0, {}) == Accepted::no));
  // The topic that lost an event is closed, the others go on.
  BOOST_TEST(bus->publish(1, {}));
  const auto counts = bus->drops();
  BOOST_TEST_REQUIRE(counts.size() == 1u);
  BOOST_TEST(counts[0].subscriber == "stuck");
  BOOST_TEST(counts[0].dropped == 1u);
  BOOST_TEST(drain(*well).size() == 3u);
}

BOOST_AUTO_TEST_CASE(who_does_not_listen_holds_up_nobody_and_loses_nothing) {
  const auto bus = Bus::make(all_topics, fixed_clock, 1024, patience);
  const auto deaf = subscribe(*bus, "deaf", all_names, 1);
  const auto well = subscribe(*bus, "well", {"control/1"}, 2);
  bus->start();
  deaf->listen(false);
  for (std::uint32_t i = 0; i < 2; ++i) BOOST_TEST(publish(*bus, control, {0, i}));
  for (std::uint32_t i = 0; i < 9; ++i) BOOST_TEST(publish(*bus, i % 2 + 1, {0, i}));
  BOOST_TEST((bus->try_publish(control, {}) == Accepted::full));  // only the other is full
  BOOST_TEST(drain(*well).size() == 2u);
  BOOST_TEST(drain(*deaf).empty());
  BOOST_TEST(bus->drops().empty());
  deaf->listen(true);
  BOOST_TEST(publish(*bus, control, {0, 7}));
  BOOST_TEST((bus->try_publish(control, {}) == Accepted::full));
  BOOST_TEST(mark_of(drain(*deaf).at(0)).number == 7u);
}

BOOST_AUTO_TEST_CASE(a_lingering_reader_wakes_up_for_many) {
  const auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader", {"stream/1"}, 1024);
  bus->start();
  std::atomic<bool> waiting{false};
  std::size_t first = 0;
  std::thread sleeper([&] {
    waiting = true;
    if (reader->wait(patience, milliseconds(300))) first = reader->take([](const Event&) {}, 1024);
  });
  while (!waiting) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(20));
  for (std::uint32_t i = 0; i < 10; ++i) {
    publish(*bus, stream, {0, i});
    std::this_thread::sleep_for(milliseconds(1));
  }
  sleeper.join();
  BOOST_TEST(first == 10u);
  bus->close();
  BOOST_TEST(!reader->wait(patience, milliseconds(300)));
}

BOOST_AUTO_TEST_CASE(the_descriptor_is_readable_while_events_wait) {
  auto bus = Bus::make(all_topics, fixed_clock);
  const auto reader = subscribe(*bus, "reader");
  bus->start();
  BOOST_TEST(!readable(reader->fd()));
  BOOST_TEST(!reader->wait(milliseconds(1)));
  for (int round = 0; round < 200; ++round) {
    publish(*bus, static_cast<std::uint32_t>(round) % 3, {});
    BOOST_TEST_REQUIRE(readable(reader->fd(), 10'000));
    Event event;
    BOOST_TEST_REQUIRE(reader->next(event));
    BOOST_TEST_REQUIRE(!reader->next(event));
  }
  // The last wake-up may come after the event was taken; then one look clears it.
  Event event;
  while (readable(reader->fd(), 50)) BOOST_TEST(!reader->next(event));
  bus->close();
  BOOST_TEST(readable(reader->fd()));
  bus.reset();
  BOOST_TEST(!reader->next(event));  // a subscription may outlive its bus
}

BOOST_AUTO_TEST_CASE(no_wake_up_is_lost) {
  constexpr std::uint32_t count = 20'000;
  const auto bus = Bus::make(all_topics, fixed_clock, 16, patience);
  const auto reader = subscribe(*bus, "reader", {"control/1"}, 2);
  bus->start();
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < count; ++i) publish(*bus, control, {0, i});
    bus->close();
  });
  std::uint32_t next = 0;
  Event event;
  while (next < count) {
    BOOST_TEST_REQUIRE(readable(reader->fd(), 60'000));
    while (reader->next(event)) BOOST_TEST_REQUIRE(mark_of(event).number == next++);
  }
  writer.join();
  BOOST_TEST(!bus->failed());
}

BOOST_AUTO_TEST_SUITE_END()
