// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ordeal {

/// The sessions of a phase: the state of each, and in a ring those that can take an operation, the
/// one that waited longest first. Every change costs O(1). One thread.
class SessionTable {
 public:
  enum class State : std::uint8_t {
    closed,   // not to be opened (any more)
    wanted,   // to be opened at the next opportunity
    opening,  // the plugin was asked
    open,
    waiting,  // failed; again at retry_ns
  };
  struct Session {
    State state = State::closed;
    bool answered = false;  // an operation has been answered since it was opened
    bool ready = false;     // is in the ring
    bool refused = false;   // the target turned it away; until it is open again
    std::uint32_t in_flight = 0;
    std::uint32_t resting = 0;  // places that think, or wait to try again
    std::uint64_t issued = 0;   // operations since it was opened
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
    std::uint64_t backoff_ns = 0;  // 0 while the last attempt did not fail
    std::uint64_t retry_ns = 0;
  };

  static constexpr std::uint64_t first_backoff_ns = 10'000'000;
  static constexpr std::uint64_t last_backoff_ns = 1'000'000'000;

  /// Starts again with `count` closed sessions.
  void reset(std::uint32_t count) {
    sessions_.assign(count + 1u, {});
    ring_ = count;  // the last element is the ring's head
    sessions_[ring_].previous = sessions_[ring_].next = ring_;
    open_ = hopeful_ = 0;
  }

  [[nodiscard]] std::uint32_t size() const { return ring_; }
  Session& operator[](std::uint32_t session) { return sessions_[session]; }
  [[nodiscard]] std::uint32_t open() const { return open_; }
  /// Sessions that are open, or on the way there without having been refused. When there is none,
  /// no operation can be attempted. One that we gave up ourselves, after a timeout, is on its way
  /// back.
  [[nodiscard]] std::uint32_t hopeful() const { return hopeful_; }

  void set_state(std::uint32_t session, State state) {
    Session& s = sessions_[session];
    count(s, -1);
    if (state == State::open) s.refused = false;
    s.state = state;
    count(s, +1);
  }
  /// After a failure: the next back-off, doubling. `refused`: the target's doing, not ours.
  void fail(std::uint32_t session, std::uint64_t now_ns, bool refused) {
    Session& s = sessions_[session];
    count(s, -1);
    s.refused = refused;
    s.backoff_ns =
        s.backoff_ns == 0 ? first_backoff_ns : std::min(2 * s.backoff_ns, last_backoff_ns);
    s.retry_ns = now_ns + s.backoff_ns;
    s.state = State::waiting;
    count(s, +1);
  }

  [[nodiscard]] bool any_ready() const { return sessions_[ring_].next != ring_; }
  /// The session that has been ready longest. Only when any_ready().
  [[nodiscard]] std::uint32_t front() const { return sessions_[ring_].next; }
  void push_ready(std::uint32_t session) {
    Session& s = sessions_[session];
    if (s.ready) return;
    s.ready = true;
    s.next = ring_;
    s.previous = sessions_[ring_].previous;
    sessions_[s.previous].next = session;
    sessions_[ring_].previous = session;
  }
  void remove_ready(std::uint32_t session) {
    Session& s = sessions_[session];
    if (!s.ready) return;
    s.ready = false;
    sessions_[s.previous].next = s.next;
    sessions_[s.next].previous = s.previous;
  }

 private:
  void count(const Session& s, int by) {
    const bool is_open = s.state == State::open;
    const bool hopeful = is_open || (s.state != State::closed && !s.refused);
    if (is_open) open_ += static_cast<std::uint32_t>(by);
    if (hopeful) hopeful_ += static_cast<std::uint32_t>(by);
  }

  std::vector<Session> sessions_ = std::vector<Session>(1);
  std::uint32_t ring_ = 0;
  std::uint32_t open_ = 0;
  std::uint32_t hopeful_ = 0;
};

}  // namespace ordeal
