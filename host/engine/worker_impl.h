// SPDX-License-Identifier: Apache-2.0
// The inside of Worker, shared by the worker_*.cpp files: phase, sessions, operations.
//
// No function of the plugin is ever called from inside a callback of the plugin: completions and
// session events only change state here and schedule pump(), which the reactor runs once the
// plugin's callback has returned. So a plugin need not be re-entrant, and nothing recurses.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "engine/arrivals.h"
#include "engine/feeder.h"
#include "engine/kind_mix.h"
#include "engine/operation_table.h"
#include "engine/recorded_arrivals.h"
#include "engine/recorder.h"
#include "engine/session_table.h"
#include "engine/thread_usage.h"
#include "engine/waiting_line.h"
#include "engine/worker.h"

namespace ordeal {

class Worker::Impl {
 public:
  Impl(Reactor& reactor, const Clock& clock);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // worker_phase.cpp
  Result<void> attach(const ordeal_scenario_factory* factory, void* instance);
  Result<void> begin(const LoadSpec& spec);
  void throttle(double factor);
  void stop(std::uint64_t drain_ns);
  IntervalFrame swap();

  [[nodiscard]] const ordeal_engine* engine() const { return &engine_; }
  [[nodiscard]] const Info& info() const { return info_; }
  void feed(std::unique_ptr<Feeder> feeder) { feeder_ = std::move(feeder); }
  void keep(SharedProgress progress) {
    shared_progress_ = std::move(progress);
    progress_ = shared_progress_->get();
  }
  [[nodiscard]] bool finished() const { return !active_; }
  void on_finished(std::function<void()> fn) { on_finished_ = std::move(fn); }

 private:
  using State = SessionTable::State;
  using Operation = OperationTable::Operation;

  // An open-load operation whose time has come while no session was free.
  struct Waiting {
    std::uint64_t since_ns;  // its intended start
    std::uint32_t kind;
  };
  // An operation that went wrong and is to be tried again.
  struct Again {
    std::uint64_t since_ns;  // when it is to be tried
    std::uint64_t intended_ns;
    std::int64_t code;
    std::uint32_t kind;
    std::uint32_t attempt;  // the coming one, from 2
    std::uint32_t session;  // closed load: whose place it keeps meanwhile
    Outcome outcome;        // so far
    std::uint64_t record;   // of the feeder
    bool operator>(const Again& other) const { return since_ns > other.since_ns; }
  };
  template <typename Entry>
  using Soonest = std::priority_queue<Entry, std::vector<Entry>, std::greater<>>;
  using Moment = std::pair<std::uint64_t, std::uint32_t>;  // when, session

  // What the phase says of one kind.
  struct KindPlan {
    std::uint64_t timeout_ns;
    std::uint32_t lane;  // those with the same timeout share one
  };

  // One of the worker's few timers. Calls Method on the reactor's thread.
  template <void (Impl::*Method)()>
  struct Timer {
    explicit Timer(Impl& owner) : impl(owner) {}
    void set(std::uint64_t at_ns) {
      cancel();
      impl.reactor_.timer(at_ns, &Timer::fire, this, &id);
    }
    void cancel() {
      if (id != 0) impl.reactor_.cancel_timer(id);
      id = 0;
    }
    [[nodiscard]] bool is_set() const { return id != 0; }
    static void fire(void* user) noexcept {
      auto& self = *static_cast<Timer*>(user);
      self.id = 0;
      (self.impl.*Method)();
    }
    Impl& impl;
    std::uint64_t id = 0;
  };

  // worker_phase.cpp
  void schedule();
  void pump();
  void pump_sessions(std::uint32_t& budget);
  void phase_over();
  void finish_if_done();
  Result<void> plan_kinds(const LoadSpec& spec);
  Result<void> plan_arrivals();
  [[nodiscard]] std::size_t waiting_room() const;
  void cancel_waiting();
  void cancel_all();
  void start_closed();
  void admit_sessions();

  // worker_sessions.cpp: what the plugin says of sessions, and what is asked of it.
  void opened(std::uint32_t session, std::uint32_t outcome, std::int64_t code,
              const ordeal_mark* marks, std::uint32_t n_marks);
  void lost(std::uint32_t session, std::uint32_t outcome, std::int64_t code);
  void observe(std::uint32_t session, std::uint32_t metric, std::uint64_t value_ns);
  void open_session(std::uint32_t session);
  void open_failed(std::uint32_t session, std::int64_t code, std::uint64_t now);
  void count_exhaustion(std::int64_t code);
  void back_off(std::uint32_t session, std::uint64_t now, bool refused);
  void want(std::uint32_t session);
  void offer(std::uint32_t session);
  void retry();
  void close_sessions();

  // worker_operations.cpp
  void complete(std::uint64_t id, const ordeal_result* result);
  // `record`: what a further attempt had already taken from the feeder.
  void issue(std::uint32_t session, std::uint32_t kind, std::uint64_t intended, std::uint64_t now,
             std::uint32_t attempt = 1, std::uint64_t record = 0);
  void no_record_left(std::uint32_t kind, std::uint64_t intended);
  void issue_closed(std::uint32_t session);
  void arrive(std::uint64_t now);
  void arrive_all(std::uint64_t now);
  [[nodiscard]] bool may_arrive(std::uint64_t intended) const;
  // True for the last one that max_operations allows.
  bool start_operation() {
    progress_->operations.store(++started_operations_, std::memory_order_relaxed);
    return started_operations_ == spec_.max_operations;
  }
  bool take_record(std::uint64_t& record) {
    const bool taken = feeder_->take(record);
    progress_->records.store(feeder_->taken(), std::memory_order_relaxed);
    return taken;
  }
  void arrival_due();
  void give_up(Operation& operation, Outcome outcome, std::uint64_t now);
  void drop_waiting();
  void expire();
  void watch_deadline(std::uint64_t deadline);
  void count_sent(const Operation& operation, std::uint32_t requests);
  void record_marks(KindInterval& kind, const ordeal_mark* marks, std::uint32_t n_marks);

  // worker_rests.cpp: think times, second attempts, sessions that have done their share.
  bool try_again(const Operation& operation, Outcome outcome, std::int64_t code, std::uint64_t now);
  void free_place(const Again& again);
  void try_now(std::uint32_t session);
  void end_attempts(const Again& again, Outcome outcome, std::uint64_t now);
  void think(std::uint32_t session, std::uint64_t now);
  void rests_over();
  void watch_rests();
  // After each attempt, when the session's count has been brought up to date.
  void ended_on(std::uint32_t session, bool again, std::uint64_t now) {
    if (!again && spec_.think.shape != ThinkTime::Shape::none) think(session, now);
    if (spec_.operations_per_session != 0 && sessions_[session].in_flight == 0 &&
        sessions_[session].issued >= spec_.operations_per_session) {
      to_renew_.push_back(session);
      schedule();
    }
  }
  void renew_sessions();
  [[nodiscard]] bool nothing_waits() const {
    return waiting_.empty() && again_line_.empty() && again_later_.empty();
  }

  // The schedule of open load.
  [[nodiscard]] std::uint64_t next_arrival_ns() const {
    return recorded_ ? recorded_->next_ns() : arrivals_.next_ns();
  }
  std::uint32_t take_arrival() {
    if (!recorded_) {
      arrivals_.advance();
      return mix_.next();
    }
    const std::optional<std::uint32_t> kind = recorded_->kind();
    recorded_->advance();
    if (recorded_->broken()) recorder_.counts().schedule_broken = 1;
    return kind ? *kind : mix_.next();
  }
  [[nodiscard]] bool can_take(const SessionTable::Session& s) const {
    return s.state == State::open && s.in_flight + s.resting < info_.max_in_flight &&
           (spec_.operations_per_session == 0 || s.issued < spec_.operations_per_session);
  }

  [[nodiscard]] bool warm_up(std::uint64_t intended) const { return intended < warm_up_end_ns_; }
  [[nodiscard]] bool open_load() const { return spec_.model == LoadSpec::Model::open; }
  // The moment of the completion that led here, if nothing has happened since; else a reading.
  std::uint64_t fresh_now() {
    if (!now_is_fresh_) now_ = clock_.monotonic_ns();
    now_is_fresh_ = false;
    return now_;
  }

  Reactor& reactor_;
  const Clock& clock_;
  ordeal_engine engine_{};
  ordeal_scenario_factory factory_{};
  void* instance_ = nullptr;
  Info info_;
  std::function<void()> on_finished_;

  LoadSpec spec_;
  std::unique_ptr<Feeder> feeder_;  // nullptr: operations have no data
  bool active_ = false;             // a phase is in progress
  bool started_ = false;            // its start has come
  bool over_ = false;               // no operation is to be started but those waiting
  bool stopped_ = false;            // and it was not the phase's own end
  bool pumping_ = false;
  bool scheduled_ = false;
  bool again_ = false;  // something was scheduled while pumping
  bool now_is_fresh_ = false;
  Outcome given_up_as_ = Outcome::cancelled;  // what is being given up; else cancelled
  std::uint64_t now_ = 0;
  std::uint64_t warm_up_end_ns_ = 0;
  std::uint64_t end_ns_ = 0;
  std::uint64_t watched_deadline_ns_ = 0;  // while deadline_timer_ is set
  std::uint64_t watched_rest_ns_ = 0;      // while rest_timer_ is set
  std::uint64_t started_operations_ = 0;   // against max_operations
  WorkerProgress own_progress_;            // while nobody else is to know
  std::optional<SharedProgress> shared_progress_;
  WorkerProgress* progress_ = &own_progress_;
  std::uint32_t sessions_in_use_ = 0;  // closed load: lower under a throttle
  double factor_ = 1;
  std::int64_t last_open_code_ = 0;
  std::size_t waiting_bound_ = 0;
  std::uint64_t longest_timeout_ns_ = 0;

  KindMix mix_;
  std::vector<KindPlan> kinds_;
  Arrivals arrivals_;
  std::optional<RecordedArrivals> recorded_;
  Random think_random_;
  SessionTable sessions_;
  OperationTable operations_;
  WaitingLine<Waiting> waiting_;
  WaitingLine<Again> again_line_;  // due, and waiting for a session
  Soonest<Again> again_later_;
  Soonest<Moment> thinking_;
  std::vector<std::uint32_t> to_renew_;
  std::deque<std::uint32_t> wanted_;
  Soonest<Moment> retries_;
  IntervalRecorder recorder_;
  ThreadUsage usage_;

  Timer<&Impl::arrival_due> arrival_timer_{*this};
  Timer<&Impl::expire> deadline_timer_{*this};
  Timer<&Impl::retry> retry_timer_{*this};
  Timer<&Impl::start_closed> start_timer_{*this};
  Timer<&Impl::phase_over> end_timer_{*this};
  Timer<&Impl::cancel_all> drain_timer_{*this};
  Timer<&Impl::rests_over> rest_timer_{*this};
};

}  // namespace ordeal
