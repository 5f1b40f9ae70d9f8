// SPDX-License-Identifier: Apache-2.0
// The hub between a real bus and cells that the test plays.
#include "campaign/topic_hub.h"

#include <boost/test/unit_test.hpp>

#include "base/clock.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint32_t stream = 0, control = 1, state = 2;
constexpr int window = TopicHub::least_window;

/// The system's, which a test can put forward.
class JumpingClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return real_.monotonic_ns() + ahead; }
  [[nodiscard]] std::uint64_t wall_ns() const override { return real_.wall_ns() + ahead; }
  std::uint64_t ahead = 0;

 private:
  SystemClock real_;
};

/// The cell's end of a link.
struct FakeCell {
  FakeCell(Loop& loop, const std::string& name) {
    auto ends = Channel::pair();
    BOOST_REQUIRE(ends);
    link = std::make_unique<CellLink>(loop, name, std::move(ends->first),
                                      [](CellLink&, CellMessage, Decoder&) {});
    cell = std::move(ends->second);
  }
  void send(CellMessage type, const std::vector<std::byte>& bytes) {
    BOOST_REQUIRE(cell.send(static_cast<std::uint16_t>(type), bytes));
  }
  void created() {
    // Only what was asked for is taken as answered.
    link->create(1, "a.plugin", "report", "r", "{}");
    const auto asked = cell.receive();
    BOOST_REQUIRE((asked && asked->has_value()));
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(1);
    out.text("");
    put(out, Declared{});
    send(CellMessage::created, bytes);
  }
  /// First bytes of the events that have come, as text.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (;;) {
      auto message = cell.receive();
      BOOST_REQUIRE(message);
      if (!message->has_value()) return texts;
      Decoder in((*message)->payload);
      BOOST_TEST((*message)->type == static_cast<std::uint16_t>(CellMessage::events));
      BOOST_TEST(in.u32() == 1u);
      for (std::uint32_t n = in.u32(); n > 0; --n) {
        const TopicEvent event = get_topic_event(in);
        BOOST_TEST(event.seq > last_seq);
        last_seq = event.seq;
        last = event;
        texts.emplace_back(reinterpret_cast<const char*>(event.payload.data()),
                           event.payload.size());
        last_body.assign(reinterpret_cast<const char*>(event.body.data()), event.body.size());
      }
      BOOST_TEST(in.ok());
    }
  }

  std::unique_ptr<CellLink> link;
  Channel cell;
  TopicEvent last;
  std::string last_body;
  std::uint64_t last_seq = 0;
};

struct Bench {
  explicit Bench(std::uint32_t depth = 4) {
    plan.topics = {{"a.b/stream", Overflow::stream, 5},
                   {"a.b/control", Overflow::control, 1},
                   {"a.b/state", Overflow::state, 1}};
    reader.subscribes.resize(3);
    for (TopicUse& use : reader.subscribes) use.depth = depth;
    plan.users.resize(2);
    plan.users[0] = {"scenario", 0, 9, &writer, "a.writer 1.0.0 (scenario w)", {0, 1, 2}, {}};
    plan.users[1] = {"report", 2, 11, &reader, "a.reader 2.0.0 (report r)", {}, {0u, 1u, 2u}};
    bus = Bus::make(
        {{"phase/1", Overflow::control, 1}, plan.topics[0], plan.topics[1], plan.topics[2]}, clock);
    hub = std::make_unique<TopicHub>(loop, *bus, plan, 1);
    BOOST_REQUIRE(hub->subscribe());
    bus->start();
    hub->begin();
    hub->attach("scenario", 0, *publisher.link, 1, 3);
  }
  void publish(std::uint32_t topic, const std::string& payload, const std::string& body = "") {
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(topic);
    out.text(payload);
    out.text(body);
    Decoder in(bytes);
    BOOST_TEST(hub->message("scenario", 0, CellMessage::publish, in));
  }
  /// So many that all of them are on their way.
  void publish_slowly(std::uint32_t topic, int count) {
    for (int i = 0; i < count; ++i) {
      publish(topic, std::to_string(i));
      if (i % 3 == 2) run(24'000'000);
    }
    run(24'000'000);
  }
  void number(CellMessage type, std::uint32_t value) {
    std::vector<std::byte> bytes;
    Encoder(bytes).u32(value);
    Decoder in(bytes);
    BOOST_TEST(hub->message("report", 2, type, in));
  }
  void taken(std::uint32_t count) { number(CellMessage::taken, count); }
  /// The reader's cell comes up and subscribes to all three.
  void connect(FakeCell& cell) {
    hub->attach("report", 2, *cell.link, 1, 1);
    for (const std::uint32_t entry : {stream, control, state})
      number(CellMessage::subscribed, entry);
    cell.created();
    run(60'000'000);
  }
  void run(std::uint64_t ns = 60'000'000) {
    loop.run_until([] { return false; }, loop.now() + ns);
  }
  std::uint64_t dropped(const std::string& topic) {
    std::uint64_t count = 0;
    for (const auto& drop : hub->drops())
      if (drop.topic == topic) {
        BOOST_TEST(drop.subscriber == "a.reader 2.0.0 (report r)");
        count += drop.dropped;
      }
    return count;
  }

  JumpingClock clock;
  Loop loop{clock};
  PluginInfo writer, reader;
  TopicPlan plan;
  std::unique_ptr<Bus> bus;
  FakeCell publisher{loop, "publisher"};
  std::unique_ptr<TopicHub> hub;
};

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(topic_hub)

BOOST_AUTO_TEST_CASE(an_event_goes_from_one_cell_to_the_other) {
  Bench bench;
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish(stream, "one", "body");
  bench.publish(control, "two");
  bench.run();
  BOOST_TEST(cell.take() == (Texts{"one", "two"}), boost::test_tools::per_element());
  BOOST_TEST(cell.last.topic == control);
  BOOST_TEST(cell.last.source == 9u);
  BOOST_TEST(cell.last.generation == 3u);
  BOOST_TEST(cell.last_body == "");
  bench.publish(stream, "three", "body");
  bench.run();
  BOOST_TEST(cell.take() == Texts{"three"}, boost::test_tools::per_element());
  BOOST_TEST(cell.last.revision == 5u);
  BOOST_TEST(cell.last_body == "body");
  BOOST_TEST(bench.hub->drops().empty());
  // What no component of the plan says is nobody's.
  std::vector<std::byte> bytes(20);
  Decoder in(bytes);
  BOOST_TEST(bench.hub->message("rule", 0, CellMessage::publish, in));
  BOOST_TEST(!bench.hub->message("scenario", 0, CellMessage::frame, in));
}

BOOST_AUTO_TEST_CASE(a_slow_cell_gets_no_more_than_it_takes_and_drops_are_counted) {
  Bench bench(4);  // three topics: 12 places
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish_slowly(stream, window);
  for (int i = window; i < window + 68; ++i) bench.publish(stream, std::to_string(i));
  bench.run();
  BOOST_TEST(cell.take().size() == window);  // what it has not acknowledged
  BOOST_TEST(bench.dropped("a.b/stream") == 68u - 12);
  bench.taken(10);
  bench.run();
  BOOST_TEST(cell.take().size() == 10u);
  bench.taken(window);
  bench.run();
  const Texts rest = cell.take();
  BOOST_TEST(rest == (Texts{std::to_string(window + 10), std::to_string(window + 11)}),
             boost::test_tools::per_element());
  BOOST_TEST(bench.dropped("a.b/stream") == 68u - 12);
  BOOST_TEST(!bench.bus->failed());
}

BOOST_AUTO_TEST_CASE(a_quick_cell_gets_more_at_a_time) {
  Bench bench(100);
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  for (int i = 0; i < window; ++i) bench.publish(stream, "quick");
  std::size_t got = 0;
  const auto arrived = [&] { return (got += cell.take().size()) == std::size_t{window}; };
  BOOST_TEST(bench.loop.run_until(arrived, bench.loop.now() + second));
  bench.taken(window);
  for (int i = 0; i < 3 * window; ++i) bench.publish(stream, "more");
  bench.run();
  BOOST_TEST(cell.take().size() == 2u * window);
  // That took its time: as few as at first.
  bench.taken(2 * window);
  bench.run();
  BOOST_TEST(cell.take().size() == std::size_t{window});
}

BOOST_AUTO_TEST_CASE(the_newest_state_of_a_publisher_waits) {
  Bench bench;
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish_slowly(stream, window);
  for (int i = 0; i < 50; ++i) bench.publish(state, std::to_string(i));
  BOOST_TEST(cell.take().size() == window);
  bench.taken(window);
  bench.run();
  BOOST_TEST(cell.take() == Texts{"49"}, boost::test_tools::per_element());
  BOOST_TEST(bench.dropped("a.b/state") == 0u);
}

BOOST_AUTO_TEST_CASE(control_waits_for_room_without_blocking_and_keeps_its_order) {
  Bench bench(1);  // 3 places
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish_slowly(control, window);
  const std::uint64_t before = SystemClock().monotonic_ns();
  for (int i = 0; i < 5; ++i) bench.publish(control, std::to_string(i));
  bench.publish(stream, "after");  // must not overtake
  BOOST_TEST(SystemClock().monotonic_ns() - before < second);
  BOOST_TEST(cell.take().size() == window);
  bench.taken(window);
  bench.run(100'000'000);
  BOOST_TEST(cell.take() == (Texts{"0", "1", "2", "3", "4", "after"}),
             boost::test_tools::per_element());
  BOOST_TEST(!bench.bus->failed());
  BOOST_TEST(bench.hub->failure() == "");
}

BOOST_AUTO_TEST_CASE(control_fails_the_run_at_the_deadline_and_names_the_subscriber) {
  Bench bench(1);
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish_slowly(control, window + 3);
  bench.publish(control, "x");
  bench.run();
  BOOST_TEST(!bench.bus->failed());
  bench.clock.ahead += 3 * second;
  bench.run();
  BOOST_TEST(bench.bus->failed());
  BOOST_TEST(bench.hub->failure() == "a.b/control to a.reader 2.0.0 (report r)");
  BOOST_TEST(bench.dropped("a.b/control") == 1u);
  // The host's own control topics go on.
  BOOST_TEST(bench.bus->publish(0, {}));
}

BOOST_AUTO_TEST_CASE(a_dead_cell_s_control_events_go_to_its_successor) {
  Bench bench;
  auto first = std::make_unique<FakeCell>(bench.loop, "first");
  bench.connect(*first);
  bench.publish(control, "dealt with");
  bench.publish(control, "again");
  bench.publish(stream, "lost");
  bench.run();
  BOOST_TEST(first->take().size() == 3u);
  bench.taken(1);
  bench.hub->lost("report", 2);
  first.reset();
  bench.publish(stream, "meanwhile");
  bench.run();
  BOOST_TEST(bench.dropped("a.b/stream") == 1u);
  FakeCell second_cell(bench.loop, "second");
  bench.connect(second_cell);
  BOOST_TEST(second_cell.take() == (Texts{"again", "meanwhile"}), boost::test_tools::per_element());
  BOOST_TEST(bench.dropped("a.b/control") == 0u);
}

BOOST_AUTO_TEST_CASE(events_are_for_whoever_is_there_and_asked) {
  Bench bench;
  bench.publish(stream, "for nobody");
  bench.run();
  FakeCell cell(bench.loop, "reader");
  bench.hub->attach("report", 2, *cell.link, 1, 1);
  bench.publish(stream, "early");
  bench.publish(control, "never asked for");
  bench.number(CellMessage::subscribed, stream);
  bench.run();
  BOOST_TEST(cell.take().empty());  // its create is not answered yet
  cell.created();
  bench.run(60'000'000);
  BOOST_TEST(cell.take() == Texts{"early"}, boost::test_tools::per_element());
  bench.taken(1);
  bench.hub->gone("report", 2);
  for (int i = 0; i < 50; ++i) bench.publish(control, "x");
  for (int i = 0; i < 50; ++i) bench.publish(stream, "x");
  bench.run();
  BOOST_TEST(cell.take().empty());
  BOOST_TEST(bench.hub->drops().empty());
  BOOST_TEST(!bench.bus->failed());
}

BOOST_AUTO_TEST_CASE(what_nobody_took_in_the_end_is_counted) {
  Bench bench;
  FakeCell cell(bench.loop, "reader");
  bench.connect(cell);
  bench.publish_slowly(stream, 40);
  bench.taken(5);
  BOOST_TEST(bench.dropped("a.b/stream") == 0u);
  bench.hub->settle(20'000'000);
  BOOST_TEST(bench.dropped("a.b/stream") == 35u);
  bench.publish(stream, "too late");
  bench.run();
  BOOST_TEST(bench.dropped("a.b/stream") == 35u);
}

BOOST_AUTO_TEST_SUITE_END()
