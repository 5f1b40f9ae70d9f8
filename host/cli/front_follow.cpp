// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.h"
#include "cli/front.h"
#include "guardian/client.h"
#include "ui/progress.h"

namespace ordeal {

namespace {

/// What a signal handler may touch.
volatile sig_atomic_t interrupts = 0;

void count_interrupt(int) { interrupts = interrupts + 1; }

class SignalCount {
 public:
  explicit SignalCount(bool wanted) : wanted_(wanted) {
    // A closed terminal ends nothing, and neither does a closed pipe.
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    if (!wanted_) return;
    interrupts = 0;
    struct sigaction action {};
    action.sa_handler = count_interrupt;
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
  }
  ~SignalCount() {
    if (!wanted_) return;
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
  }
  SignalCount(const SignalCount&) = delete;
  SignalCount& operator=(const SignalCount&) = delete;

 private:
  bool wanted_;
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

}  // namespace

void follow_run(const RunDir& dir, bool pass_signals) {
  const SignalCount signals(pass_signals);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const char* no_colour = std::getenv("NO_COLOR");
  Progress progress(stderr, terminal, terminal && (no_colour == nullptr || *no_colour == '\0'));
  const SystemClock clock;
  const auto guardian = running_guardian(dir.path);
  UniqueFd pidfd;
  if (guardian) {
    pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, guardian->pid, 0)));
    if (!still_running(*guardian)) pidfd.reset();
  }
  int sent = 0;
  std::uint64_t killed_ns = 0;
  for (bool over = !pidfd; !over;) {
    pollfd p{pidfd.get(), POLLIN, 0};
    over = ::poll(&p, 1, 200) > 0 && (p.revents & POLLIN) != 0;
    if (pass_signals && interrupts > sent && !over) {
      // Once: an orderly stop with a report of what ran. Twice: everything dies at once.
      const int signal = sent == 0 ? SIGTERM : SIGQUIT;
      sent = interrupts;
      if (signal == SIGQUIT) killed_ns = clock.monotonic_ns();
      ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
      progress.finish();
      std::fputs(signal == SIGTERM ? "stopping; once more kills everything at once\n"
                                   : "killing everything\n",
                 stderr);
    }
    if (killed_ns != 0 && !over && clock.monotonic_ns() - killed_ns > 1'000'000'000) {
      // A guardian that is itself stopped or hung kills nobody.
      sweep_run(dir.id, ::getpid(), 2000);
      killed_ns = clock.monotonic_ns();
    }
    if (auto status = read_status(dir.path)) progress.show(*status, clock.monotonic_ns());
  }
  if (auto status = read_status(dir.path)) progress.show(*status, clock.monotonic_ns());
}

}  // namespace ordeal
