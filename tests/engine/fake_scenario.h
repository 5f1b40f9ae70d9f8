// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/reactor.h"
#include "engine/worker.h"

/// A scenario as a table of C functions whose behaviour each test injects, with a reactor and a
/// worker to drive it. By default sessions open at once and operations succeed within `delay_ns`.
class FakeScenario {
 public:
  static constexpr std::uint64_t ms = 1'000'000;

  FakeScenario() : reactor_(std::move(ordeal::Reactor::make()).value()) {}
  FakeScenario(const FakeScenario&) = delete;
  FakeScenario& operator=(const FakeScenario&) = delete;

  std::vector<std::string> kinds{"op"};
  std::vector<std::string> marks;
  std::uint32_t max_in_flight = 1;
  std::uint32_t slow = 0;
  std::uint64_t delay_ns = 1 * ms;

  std::function<std::int32_t(std::uint32_t)> on_open = [this](std::uint32_t session) {
    opened(session);
    return ORDEAL_OK;
  };
  std::function<void(const ordeal_op&)> on_issue = [this](const ordeal_op& op) {
    after(delay_ns, [this, id = op.id] { complete(id); });
  };
  std::function<void(std::uint64_t)> on_cancel = [](std::uint64_t) {};
  std::function<void(std::uint32_t)> on_close = [](std::uint32_t) {};

  // What was asked of it.
  std::vector<ordeal_op> issued;
  std::vector<std::uint64_t> cancelled;
  std::vector<std::uint32_t> closed;
  std::vector<std::uint64_t> drained;
  int opens = 0;
  int depth = 0;  // calls of the plugin inside one another
  int deepest = 0;

  /// How often the engine has read its clock.
  [[nodiscard]] std::uint64_t clock_reads() const { return clock_.reads; }
  ordeal::Reactor& reactor() { return *reactor_; }
  ordeal::Worker& worker() { return *worker_; }
  static std::uint64_t now() { return ordeal::SystemClock().monotonic_ns(); }

  void attach() {
    worker_ = std::make_unique<ordeal::Worker>(*reactor_, clock_);
    for (const auto& kind : kinds) kind_names_.push_back({kind.data(), kind.size()});
    for (const auto& mark : marks) mark_names_.push_back({mark.data(), mark.size()});
    const auto attached = worker_->attach(&table, this);
    BOOST_TEST_REQUIRE(why(attached) == "");
    worker_->on_finished([this] { ++finished_calls; });
  }
  int finished_calls = 0;
  static std::string why(const ordeal::Result<void>& result) {
    return result ? std::string() : result.error().line();
  }

  void begin(const ordeal::LoadSpec& spec) {
    if (!worker_) attach();
    const auto begun = worker_->begin(spec);
    BOOST_TEST_REQUIRE(why(begun) == "");
  }
  /// Turns the reactor until `done`, at most 20 s. False when the time ran out.
  bool turn_until(const std::function<bool()>& done) {
    const std::uint64_t limit = now() + 20'000 * ms;
    while (!done() && now() < limit) reactor_->run_once(10 * ms);
    return done();
  }
  void turn_for(std::uint64_t ns) {
    const std::uint64_t limit = now() + ns;
    while (now() < limit) reactor_->run_once(limit - now());
  }
  /// A whole phase. The frame holds everything since the last swap.
  ordeal::IntervalFrame run(const ordeal::LoadSpec& spec) {
    begin(spec);
    BOOST_TEST_REQUIRE(turn_until([this] { return worker_->finished(); }));
    return worker_->swap();
  }

  void opened(std::uint32_t session, std::uint32_t outcome = ORDEAL_OUTCOME_OK,
              std::int64_t code = 0) {
    engine()->opened(engine(), session, outcome, code, nullptr, 0);
  }
  void lost(std::uint32_t session, std::uint32_t outcome) {
    engine()->lost(engine(), session, outcome, 0);
  }
  static ordeal_result result(std::uint32_t outcome = ORDEAL_OUTCOME_OK, std::int64_t code = 0) {
    ordeal_result r{};
    r.struct_size = sizeof r;
    r.outcome = outcome;
    r.code = code;
    r.bytes_out = 10;
    r.bytes_in = 100;
    r.sent_ns = now();
    r.requests = 1;
    return r;
  }
  void complete(std::uint64_t id, const ordeal_result& r = result()) {
    engine()->complete(engine(), id, &r);
  }
  void after(std::uint64_t ns, std::function<void()> fn) {
    Later& later = later_.emplace_back();
    later.owner = this;
    later.self = std::prev(later_.end());
    later.fn = std::move(fn);
    std::uint64_t timer = 0;
    reactor_->timer(
        now() + ns,
        [](void* user) noexcept {
          auto& due = *static_cast<Later*>(user);
          due.fn();
          due.owner->later_.erase(due.self);
        },
        &later, &timer);
  }
  const ordeal_engine* engine() { return worker_->engine(); }

  ordeal_scenario_factory table = make_table();

 private:
  template <typename Call>
  static auto inside(void* instance, Call&& call) {
    auto& self = *static_cast<FakeScenario*>(instance);
    self.deepest = std::max(self.deepest, ++self.depth);
    struct Leave {
      FakeScenario& self;
      ~Leave() { --self.depth; }
    } leave{self};
    return call(self);
  }
  static ordeal_scenario_factory make_table() {
    ordeal_scenario_factory t{};
    t.struct_size = sizeof t;
    t.describe = [](void* instance, ordeal_scenario_info* info) noexcept -> std::int32_t {
      auto& self = *static_cast<FakeScenario*>(instance);
      info->n_kinds = static_cast<std::uint32_t>(self.kind_names_.size());
      info->kinds = self.kind_names_.data();
      info->n_marks = static_cast<std::uint32_t>(self.mark_names_.size());
      info->marks = self.mark_names_.data();
      info->max_in_flight = self.max_in_flight;
      info->slow = self.slow;
      return ORDEAL_OK;
    };
    t.open = [](void* instance, ordeal_session_id session) noexcept -> std::int32_t {
      return inside(instance, [&](FakeScenario& self) {
        ++self.opens;
        return self.on_open(session);
      });
    };
    t.close = [](void* instance, ordeal_session_id session, std::uint32_t) noexcept {
      inside(instance, [&](FakeScenario& self) {
        self.closed.push_back(session);
        self.on_close(session);
      });
    };
    t.issue = [](void* instance, const ordeal_op* op) noexcept {
      inside(instance, [&](FakeScenario& self) {
        self.issued.push_back(*op);
        self.on_issue(*op);
      });
    };
    t.cancel = [](void* instance, std::uint64_t id) noexcept {
      inside(instance, [&](FakeScenario& self) {
        self.cancelled.push_back(id);
        self.on_cancel(id);
      });
    };
    t.drain = [](void* instance, std::uint64_t deadline) noexcept {
      inside(instance, [&](FakeScenario& self) { self.drained.push_back(deadline); });
    };
    return t;
  }

  struct CountingClock final : ordeal::Clock {
    mutable std::uint64_t reads = 0;
    ordeal::SystemClock system;
    [[nodiscard]] std::uint64_t monotonic_ns() const override {
      ++reads;
      return system.monotonic_ns();
    }
    [[nodiscard]] std::uint64_t wall_ns() const override { return system.wall_ns(); }
  };
  struct Later {
    FakeScenario* owner;
    std::list<Later>::iterator self;
    std::function<void()> fn;
  };

  std::list<Later> later_;
  std::vector<ordeal_str> kind_names_;
  std::vector<ordeal_str> mark_names_;
  CountingClock clock_;
  std::unique_ptr<ordeal::Reactor> reactor_;
  std::unique_ptr<ordeal::Worker> worker_;
};

inline ordeal::LoadSpec closed_load(std::uint32_t sessions, std::uint64_t operations) {
  ordeal::LoadSpec spec;
  spec.sessions = sessions;
  spec.max_operations = operations;
  spec.duration_ns = 20'000 * FakeScenario::ms;
  return spec;
}

inline ordeal::LoadSpec open_load(std::uint32_t sessions, double rate, std::uint64_t duration_ns) {
  ordeal::LoadSpec spec;
  spec.model = ordeal::LoadSpec::Model::open;
  spec.sessions = sessions;
  spec.rate = rate;
  spec.duration_ns = duration_ns;
  return spec;
}

/// Sums over frames, for tests that look at more than one interval.
inline std::uint64_t outcome_sum(const ordeal::IntervalFrame& frame) {
  std::uint64_t sum = 0;
  for (const auto& kind : frame.kinds)
    for (const std::uint64_t n : kind.outcomes) sum += n;
  return sum;
}
inline std::uint64_t count(const ordeal::IntervalFrame& frame, ordeal::Outcome outcome) {
  std::uint64_t sum = 0;
  for (const auto& kind : frame.kinds) sum += kind.outcomes[static_cast<std::size_t>(outcome)];
  return sum;
}
