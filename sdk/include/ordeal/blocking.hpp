// SPDX-License-Identifier: Apache-2.0
/// For clients that only have a blocking library: runs the blocking call on a small thread pool and
/// comes back to the worker's thread through Host::post, the one reactor call other threads may
/// make. Since 0.1.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "component.hpp"

namespace ordeal {

/// A few threads that do blocking work for one component instance.
///
/// `work` runs on a pool thread and must not touch the instance, the engine or the host (log and
/// clock are [any] and allowed). `done` runs on [worker], in the order the works ended, and gets
/// what `work` returned; it must not throw.
///
/// The destructor drops what waits, then joins the threads: it takes as long as the longest work in
/// progress. So every blocking call needs a time limit of its own. No `done` runs after it.
/// Requires the host's reactor.
class BlockingPool {
 public:
  /// [worker] Starts `threads` threads (at least one). Throws std::system_error when it cannot.
  BlockingPool(const Host& host, std::size_t threads) : state_(std::make_unique<State>(host)) {
    // Signals stay with the host's threads.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      for (std::size_t i = 0; i < (threads == 0 ? 1 : threads); ++i) {
        threads_.emplace_back([state = state_.get()] { state->loop(); });
      }
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      stop();
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  /// [worker] See above; cannot fail.
  ~BlockingPool() { stop(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// [worker] Queues `work`; afterwards `done(std::exception_ptr, result)` is called, with a null
  /// pointer unless `work` threw (then the result is value-initialised). For a `work` that returns
  /// nothing it is `done(std::exception_ptr)`. Both are moved in and destroyed on [worker], or with
  /// the pool. Throws std::bad_alloc only.
  template <class Work, class Done>
  void run(Work work, Done done) {
    auto job = std::make_unique<TypedJob<Work, Done>>(std::move(work), std::move(done));
    {
      const std::lock_guard lock(state_->mutex);
      state_->waiting.push_back(std::move(job));
    }
    state_->ready.notify_one();
  }

  /// [any] Works that no thread has taken yet.
  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(state_->mutex);
    return state_->waiting.size();
  }

 private:
  struct Job {
    virtual ~Job() = default;
    virtual void work() noexcept = 0;
    virtual void done() noexcept = 0;
  };

  template <class Work, class Done>
  struct TypedJob final : Job {
    using Result = std::invoke_result_t<Work&>;
    struct Nothing {};
    using Stored = std::conditional_t<std::is_void_v<Result>, Nothing, Result>;

    TypedJob(Work work, Done done) : work_(std::move(work)), done_(std::move(done)) {}
    void work() noexcept override {
      try {
        if constexpr (std::is_void_v<Result>) {
          work_();
        } else {
          result_ = work_();
        }
      } catch (...) {
        error_ = std::current_exception();
      }
    }
    void done() noexcept override {
      if constexpr (std::is_void_v<Result>) {
        done_(error_);
      } else {
        done_(error_, std::move(result_));
      }
    }

    Work work_;
    Done done_;
    Stored result_{};
    std::exception_ptr error_;
  };

  struct State {
    explicit State(const Host& from) : host(from) {}

    /// A pool thread's life.
    void loop() noexcept {
      std::unique_lock lock(mutex);
      for (;;) {
        ready.wait(lock, [&] { return stopping || !waiting.empty(); });
        if (stopping) return;
        std::unique_ptr<Job> job = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        job->work();
        lock.lock();
        if (stopping) return;
        finished.push_back(std::move(job));
        // One post takes along everything that has ended by the time it is called.
        while (!posted && !stopping) {
          const std::int32_t status = host.post<&State::deliver>(this);
          if (status == ORDEAL_OK) {
            posted = true;
          } else if (status == ORDEAL_E_LIMIT) {
            ready.wait_for(lock, std::chrono::milliseconds(1), [&] { return stopping; });
          } else {
            return;  // the instance is being destroyed
          }
        }
      }
    }

    /// [worker]
    void deliver() noexcept {
      std::deque<std::unique_ptr<Job>> jobs;
      {
        const std::lock_guard lock(mutex);
        jobs.swap(finished);
        posted = false;
      }
      for (const std::unique_ptr<Job>& job : jobs) job->done();
    }

    const Host host;
    mutable std::mutex mutex;
    std::condition_variable ready;
    std::deque<std::unique_ptr<Job>> waiting;
    std::deque<std::unique_ptr<Job>> finished;
    bool posted = false;
    bool stopping = false;
  };

  void stop() noexcept {
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
    }
    state_->ready.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::unique_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace ordeal
