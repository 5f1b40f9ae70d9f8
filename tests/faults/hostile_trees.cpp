// SPDX-License-Identifier: Apache-2.0
// Seven hostile trees on every containment tier this machine offers, each started in a containment
// and killed, --runs times (default 100). A run's proof is a pipe that every member holds open: it
// must come to its end. Beside them live a process that is nobody's business and another
// containment, which must not be touched. Prints milliseconds from the signal to the end of the
// last member; fails with 1 if there was a survivor, something else was touched, or a tier's limit
// of the kill drill was exceeded by its 99th percentile.
//   hostile_trees [--runs N] [--tier N]
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/channel.h"
#include "base/codec.h"
#include "base/unique_fd.h"
#include "guardian/containment.h"
#include "guardian/drill.h"
#include "guardian/kernel.h"
#include "guardian/pidfd.h"

namespace {

using namespace ordeal;

/// Its members that say that they are ready.
struct Tree {
  const char* name;
  int ready;
};
constexpr std::array<Tree, 7> trees{{{"ignores-term", 4},
                                     {"daemon", 3},
                                     {"daemon-without-env", 3},
                                     {"subreaper", 7},
                                     {"stopped", 4},
                                     {"racer", 41},
                                     {"respawner", 4}}};

constexpr std::uint64_t start_patience_ns = 10'000'000'000;
constexpr std::uint64_t end_patience_ns = 5'000'000'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "hostile_trees: %s\n", why.c_str());
  std::exit(2);
}

/// Neither child nor in a containment: started before this process adopts orphans. Ends when this
/// process does.
UniqueFd bystander(UniqueFd& lifeline) {
  std::array<int, 2> told{};
  std::array<int, 2> life{};
  if (::pipe2(told.data(), O_CLOEXEC) != 0 || ::pipe2(life.data(), O_CLOEXEC) != 0)
    give_up("no pipe");
  if (const pid_t between = ::fork(); between == 0) {
    ::close(life[1]);
    if (::fork() != 0) ::_exit(0);
    ::setsid();
    const pid_t me = ::getpid();
    if (::write(told[1], &me, sizeof me) != sizeof me) ::_exit(1);
    char byte;
    while (::read(life[0], &byte, 1) < 0) {
    }
    ::_exit(0);
  } else {
    ::waitpid(between, nullptr, 0);
  }
  ::close(told[1]);
  ::close(life[0]);
  pid_t pid = 0;
  if (::read(told[0], &pid, sizeof pid) != sizeof pid) give_up("no bystander");
  ::close(told[0]);
  lifeline = UniqueFd(life[1]);
  return UniqueFd(open_pidfd(pid));
}

class Arena {
 public:
  explicit Arena(Tier tier)
      : table_(std::make_unique<ProcessTable>()),
        server_(std::make_unique<InitServer>(*table_)),
        containments_(std::make_unique<Containments>(*server_, *table_,
                                                     "hostile-" + std::to_string(::getpid()), "/")),
        offered_(table_->open() == 0 && containments_->plan(tier, {})) {
    if (!offered_) return;
    int channel = -1;
    if (containments_->make(ContainmentKind::service, 1, channel) != 0) give_up("no containment");
    neighbour_channel_ = Channel(UniqueFd(channel));
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) give_up("no pipe");
    neighbour_ = UniqueFd(pipe[0]);
    start(neighbour_channel_, {"sleep", "3600"}, UniqueFd(pipe[1]));
  }
  ~Arena() {
    containments_->kill_all();
    settle(monotonic_ns() + end_patience_ns);
  }
  [[nodiscard]] bool offered() const { return offered_; }

  /// Nanoseconds until the last was gone; nothing if one was left, which is then killed one by one.
  std::optional<std::uint64_t> run(const Tree& tree) {
    int fd = -1;
    if (const int e = containments_->make(ContainmentKind::load, 2, fd); e != 0)
      give_up("no containment: error " + std::to_string(e));
    Channel channel{UniqueFd(fd)};
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) give_up("no pipe");
    const UniqueFd in(pipe[0]);
    start(channel, {HOSTILE_PROGRAM, tree.name}, UniqueFd(pipe[1]));
    if (!wait_ready(in.get(), tree.ready)) give_up(std::string(tree.name) + " did not start");
    Containment* containment = containments_->find(2);
    const std::uint64_t begin = monotonic_ns();
    containments_->kill(*containment);
    bool empty = false;
    std::uint64_t ns = 0;
    do {
      reap();
      containments_->step({});
      if (!empty && ended(in.get())) {
        empty = true;
        ns = monotonic_ns() - begin;
      }
      if (empty && containment->state == Containment::State::ended) break;
      sleep_ns(100'000);
    } while (monotonic_ns() - begin < end_patience_ns);
    const bool over = empty && containment->state == Containment::State::ended;
    if (!over) clear_away(*containment, in.get());
    containments_->forget(*containment);
    return over ? std::optional(ns) : std::nullopt;
  }
  /// The other containment's process still holds its pipe.
  [[nodiscard]] bool neighbour_lives() const { return !ended(neighbour_.get()); }

 private:
  void start(Channel& to, const std::array<const char*, 2>& argv, UniqueFd out) {
    std::vector<std::byte> payload;
    Encoder message(payload);
    message.u32(1);
    message.u32(static_cast<std::uint32_t>(StartFlag::null_stdio));
    message.u32(2);
    for (const char* word : argv) message.text(word);
    message.u32(0);
    message.text("");
    const int fd = out.get();
    if (!to.send(static_cast<std::uint16_t>(GuardMessage::start), payload, std::span(&fd, 1)))
      give_up("the init takes no message");
    auto answer = to.receive_for(10'000);
    if (!answer || !answer->has_value()) give_up("the init does not answer");
    Decoder in((**answer).payload);
    in.u32();
    if (const int e = in.i32(); e != 0) give_up("start: error " + std::to_string(e));
  }
  void clear_away(const Containment& containment, int pipe) {
    const std::uint64_t until = monotonic_ns() + end_patience_ns;
    while (!ended(pipe) || containment.state != Containment::State::ended) {
      if (monotonic_ns() > until) give_up("a survivor that cannot be found");
      const pid_t spared = containments_->find(1)->init;
      if (table_->scan() && table_->mark_descendants(::getpid(), std::span(&spared, 1)) > 0)
        table_->kill_marked();
      reap();
      containments_->step({});
      sleep_ns(1'000'000);
    }
  }
  /// Also takes what was written meanwhile.
  static bool ended(int fd) {
    std::array<char, 256> bytes;
    ssize_t n = 0;
    while ((n = ::read(fd, bytes.data(), bytes.size())) > 0) {
    }
    return n == 0;
  }
  static bool wait_ready(int fd, int wanted) {
    const std::uint64_t until = monotonic_ns() + start_patience_ns;
    while (wanted > 0 && monotonic_ns() < until) {
      pollfd p{fd, POLLIN, 0};
      ::poll(&p, 1, 100);
      std::array<char, 64> bytes;
      const ssize_t n = ::read(fd, bytes.data(), bytes.size());
      if (n == 0) return false;
      if (n > 0) wanted -= static_cast<int>(n);
    }
    return wanted <= 0;
  }
  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0;)
      containments_->reaped(pid, status);
  }
  void settle(std::uint64_t until_ns) {
    while (containments_->alive() > 0 && monotonic_ns() < until_ns) {
      reap();
      containments_->step({});
      sleep_ns(500'000);
    }
  }

  std::unique_ptr<ProcessTable> table_;
  std::unique_ptr<InitServer> server_;
  std::unique_ptr<Containments> containments_;
  bool offered_;
  Channel neighbour_channel_;
  UniqueFd neighbour_;
};

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

int main(int argc, char** argv) {
  std::size_t runs = 100;
  std::uint32_t only = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (argv[i] == std::string_view("--runs")) runs = std::strtoul(argv[i + 1], nullptr, 10);
    if (argv[i] == std::string_view("--tier"))
      only = static_cast<std::uint32_t>(std::strtoul(argv[i + 1], nullptr, 10));
  }
  if (runs == 0) give_up("--runs must be at least 1");
  UniqueFd lifeline;
  const UniqueFd stranger = bystander(lifeline);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // As the guardian does, where that is permitted.
  const sched_param priority{1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority) != 0)
    std::printf("without real-time scheduling\n");
  bool good = true;
  int offered = 0;
  std::printf("%-4s  %-18s  %5s  %9s  %8s  %8s  %8s\n", "tier", "tree", "runs", "survivors",
              "p50 ms", "p99 ms", "worst ms");
  for (std::uint32_t tier = 1; tier <= 4; ++tier) {
    if (only != 0 && tier != only) continue;
    Arena arena{static_cast<Tier>(tier)};
    if (!arena.offered()) {
      std::printf("T%-3u  not to be had here\n", tier);
      continue;
    }
    ++offered;
    for (const Tree& tree : trees) {
      std::vector<std::uint64_t> times;
      std::size_t survivors = 0;
      bool touched = false;
      for (std::size_t i = 0; i < runs; ++i) {
        if (const auto ns = arena.run(tree))
          times.push_back(*ns);
        else
          ++survivors;
        touched = touched || !arena.neighbour_lives() || pidfd_ended(stranger.get());
      }
      std::sort(times.begin(), times.end());
      const auto percentile = [&](std::size_t p) {
        return times.empty() ? 0 : times[(times.size() * p + 99) / 100 - 1];
      };
      const bool slow = percentile(99) > drill_limit_ns(static_cast<Tier>(tier));
      std::printf("T%-3u  %-18s  %5zu  %9zu  %8.2f  %8.2f  %8.2f%s%s\n", tier, tree.name, runs,
                  survivors, ms(percentile(50)), ms(percentile(99)), ms(percentile(100)),
                  touched ? "  TOUCHED ANOTHER" : "", slow ? "  TOO SLOW" : "");
      std::fflush(stdout);
      good = good && !touched && !slow && survivors == 0;
    }
  }
  return good && offered > 0 ? 0 : 1;
}
