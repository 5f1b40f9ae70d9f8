// SPDX-License-Identifier: Apache-2.0
#include "ordeal/blocking_scenario.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "ordeal/testing/fake_engine.hpp"
#include "ordeal/testing/fake_host.hpp"

using ordeal::testing::FakeEngine;
using ordeal::testing::FakeHost;

namespace {

/// What the test and the client's threads share; the config is its address.
struct Shared {
  std::atomic<bool> refuse{false};
  std::atomic<bool> hold{false};
  std::atomic<int> connected{0};
  std::atomic<int> alive{0};
  std::atomic<int> inside{0};
};

struct Client {
  struct Connection {
    explicit Connection(Shared& shared) : shared_(shared) { ++shared_.alive; }
    ~Connection() { --shared_.alive; }
    Shared& shared_;
  };

  explicit Client(const ordeal::Context& context)
      : shared(reinterpret_cast<Shared*>(std::stoull(std::string(context.config)))) {}
  [[nodiscard]] ordeal::ScenarioInfo describe() const { return {{"query"}, {}, 9, true}; }
  [[nodiscard]] std::size_t threads() const { return 2; }
  [[nodiscard]] std::unique_ptr<Connection> connect() const {
    if (shared->refuse) throw ordeal::Failure(ORDEAL_E_IO, "nobody listens");
    ++shared->connected;
    return std::make_unique<Connection>(*shared);
  }
  ordeal::BlockingResult perform(Connection&, const ordeal::BlockingOp& op) const {
    ++shared->inside;
    while (shared->hold) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (op.data == "throw") throw std::runtime_error("connection reset");
    ordeal::BlockingResult result;
    result.code = static_cast<std::int64_t>(op.data.size());
    result.bytes_in = 12;
    return result;
  }
  Shared* shared;
};

struct Fixture {
  Fixture()
      : config(std::to_string(reinterpret_cast<std::uintptr_t>(&shared))),
        scenario(std::make_unique<ordeal::BlockingScenario<Client>>(ordeal::ScenarioContext{
            {ordeal::Host(host.handle()), "db", config}, ordeal::Engine(engine.handle())})) {}
  ~Fixture() { shared.hold = false; }  // or a failed check would wait for ever
  void open(ordeal_session_id session) {
    const std::size_t before = engine.opened_events().size();
    scenario->open(session);
    BOOST_REQUIRE(host.run_until([&] { return engine.opened_events().size() > before; }));
  }
  Shared shared;
  FakeHost host;
  FakeEngine engine;
  std::string config;
  std::unique_ptr<ordeal::BlockingScenario<Client>> scenario;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(blocking_scenario, Fixture)

BOOST_AUTO_TEST_CASE(operations_are_performed_and_completed) {
  BOOST_TEST(scenario->describe().max_in_flight == 1U);  // whatever the client says
  open(0);
  BOOST_TEST(engine.opened_events()[0].outcome == 0U);
  const ordeal_op* op = engine.op(0, 0, "hello");
  scenario->issue(*op);
  BOOST_REQUIRE(host.run_until([&] { return engine.completed(op->id); }));
  const ordeal_result& result = engine.completions().at(op->id).result;
  BOOST_TEST(result.outcome == static_cast<std::uint32_t>(ORDEAL_OUTCOME_OK));
  BOOST_TEST(result.code == 5);
  BOOST_TEST(result.bytes_in == 12U);
  BOOST_TEST(result.sent_ns > 0U);
  scenario->close(0, ORDEAL_CLOSE_ORDERLY);
  BOOST_TEST(host.run_until([&] { return shared.alive == 0; }));
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_answered) {
  shared.refuse = true;
  open(0);
  BOOST_TEST(engine.opened_events()[0].outcome ==
             static_cast<std::uint32_t>(ORDEAL_OUTCOME_REFUSED));
  BOOST_TEST(host.logged("nobody listens"));
  shared.refuse = false;
  open(0);
  BOOST_TEST(engine.opened_events()[1].outcome == 0U);
}

BOOST_AUTO_TEST_CASE(a_throwing_perform_loses_the_session) {
  open(3);
  const ordeal_op* op = engine.op(3, 0, "throw");
  scenario->issue(*op);
  BOOST_REQUIRE(host.run_until([&] { return !engine.lost_events().empty(); }));
  BOOST_TEST(engine.completions().at(op->id).result.outcome ==
             static_cast<std::uint32_t>(ORDEAL_OUTCOME_REFUSED));
  BOOST_TEST(engine.lost_events()[0].session == 3U);
  BOOST_TEST(host.run_until([&] { return shared.alive == 0; }));
}

BOOST_AUTO_TEST_CASE(a_cancelled_operation_is_never_completed) {
  open(0);
  shared.hold = true;
  const ordeal_op* op = engine.op(0);
  scenario->issue(*op);
  BOOST_REQUIRE(host.run_until([&] { return shared.inside == 1; }));
  engine.cancelled(op->id);
  scenario->cancel(op->id);
  BOOST_REQUIRE(engine.lost_events().size() == 1U);
  open(0);  // the engine opens the session again: a connection of its own
  BOOST_TEST(shared.connected == 2);
  shared.hold = false;
  const ordeal_op* next = engine.op(0);
  scenario->issue(*next);
  BOOST_REQUIRE(host.run_until([&] { return engine.completed(next->id); }));
  BOOST_TEST(host.run_until([&] { return shared.alive == 1; }));
  BOOST_TEST(engine.misbehaviour() == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_operation_that_has_not_begun_never_begins) {
  open(0);
  open(1);
  open(2);
  shared.hold = true;
  const ordeal_op* a = engine.op(0);
  const ordeal_op* b = engine.op(1);
  const ordeal_op* waits = engine.op(2);
  scenario->issue(*a);
  scenario->issue(*b);
  scenario->issue(*waits);  // both threads are taken
  BOOST_REQUIRE(host.run_until([&] { return shared.inside == 2; }));
  engine.cancelled(waits->id);
  scenario->cancel(waits->id);
  shared.hold = false;
  BOOST_REQUIRE(host.run_until([&] { return engine.completed(a->id) && engine.completed(b->id); }));
  BOOST_TEST(host.run_until([&] { return shared.alive == 2; }));
  BOOST_TEST(shared.inside == 2);
}

BOOST_AUTO_TEST_CASE(destruction_ends_everything) {
  open(0);
  shared.hold = true;
  const ordeal_op* op = engine.op(0);
  scenario->issue(*op);
  BOOST_REQUIRE(host.run_until([&] { return shared.inside == 1; }));
  host.reactor().close();
  std::thread releaser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    shared.hold = false;
  });
  scenario.reset();
  releaser.join();
  BOOST_TEST(shared.alive == 0);
  BOOST_TEST(!engine.completed(op->id));
}

BOOST_AUTO_TEST_SUITE_END()
