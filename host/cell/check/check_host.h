// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cell/check/guarded.h"
#include "cell/check/stopwatch.h"
#include "ordeal/abi/bus.h"
#include "ordeal/abi/clock.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/metrics.h"
#include "ordeal/abi/process.h"
#include "ordeal/abi/reactor.h"
#include "ordeal/testing/fake_clock.hpp"
#include "ordeal/testing/poll_reactor.hpp"

namespace ordeal::check {

/// How the host of one instance presents itself.
struct HostShape {
  Sizes sizes = Sizes::plain;
  std::set<std::string> withheld;   // service ids for which there is no table
  bool no_services = false;         // for none
  std::uint64_t wall_shift_ns = 0;  // added to the wall clock
};

/// Something a plugin did that the contract forbids.
struct Misuse {
  enum class Kind { thread, after_destroy, argument, engine } kind;
  std::string text;
};

/// The host as one instance under test sees it: every service there is, over a real reactor, with
/// every call checked for thread, time and arguments. Lives as long as the process: a plugin's
/// thread may still call when its instance is gone, and that is to be reported, not to crash.
class CheckHost {
 public:
  explicit CheckHost(HostShape shape);
  CheckHost(const CheckHost&) = delete;
  CheckHost& operator=(const CheckHost&) = delete;

  [[nodiscard]] const ordeal_host* handle() const { return host_; }
  [[nodiscard]] const HostShape& shape() const { return shape_; }

  /// Runs callbacks until `done` or for `limit_ns`. True: done.
  template <class Done>
  bool run_until(Done done, std::uint64_t limit_ns) {
    const std::uint64_t end = Stopwatch::now_ns() + limit_ns;
    while (!done()) {
      const std::uint64_t now = Stopwatch::now_ns();
      if (now >= end) return false;
      turn(static_cast<int>(std::min<std::uint64_t>((end - now) / 1'000'000 + 1, 20)));
    }
    return true;
  }

  /// The text of the last set_error, cleared by the call.
  std::string take_error();
  /// The instance is being destroyed: posts are refused, callbacks forgotten.
  void closing();
  /// It is destroyed: any call from now on is misuse.
  void gone();

  /// What is watched and armed; before gone().
  [[nodiscard]] std::size_t watches() const { return reactor_->watches(); }
  [[nodiscard]] std::size_t timers() const { return reactor_->timers(); }
  /// The longest callback so far, and what it was.
  [[nodiscard]] std::uint64_t longest_callback_ns() const { return longest_ns_; }
  [[nodiscard]] const std::string& longest_callback() const { return longest_; }

  void misuse(Misuse::Kind kind, std::string text);
  [[nodiscard]] std::vector<Misuse> misuses() const;
  /// Whether the caller is the thread that made this host; otherwise notes the misuse.
  bool on_worker(const char* function);

 private:
  friend struct HostCalls;
  struct Box;  // a callback of the plugin, with what it waits for

  void turn(int timeout_ms);
  void called(Box& box, std::uint32_t events);

  HostShape shape_;
  int worker_;  // thread id
  ordeal_host* host_ = nullptr;
  const ordeal_host_log* log_ = nullptr;
  const ordeal_host_clock* clock_table_ = nullptr;
  const ordeal_host_reactor* reactor_table_ = nullptr;
  const ordeal_host_metrics* metrics_ = nullptr;
  const ordeal_host_bus* bus_ = nullptr;
  const ordeal_host_process* process_ = nullptr;
  testing::FakeClock clock_;
  std::unique_ptr<testing::PollReactor> reactor_;  // until gone(); any thread: under mutex_
  std::atomic<bool> closing_{false};
  std::atomic<bool> gone_{false};
  mutable std::mutex mutex_;
  std::string error_;
  std::vector<Misuse> misuses_;
  std::vector<std::unique_ptr<Box>> boxes_;
  std::map<std::uint64_t, int> watched_;  // watch -> descriptor
  std::vector<std::string> declared_;
  Stopwatch watch_;
  std::uint64_t longest_ns_ = 0;
  std::string longest_;
};

}  // namespace ordeal::check
