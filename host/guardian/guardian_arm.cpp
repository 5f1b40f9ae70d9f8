// SPDX-License-Identifier: Apache-2.0
// Before the run: everything that may allocate, fail or be refused.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <new>
#include <utility>

#include "base/codec.h"
#include "base/files.h"
#include "base/frame.h"
#include "guardian/drill.h"
#include "guardian/guardian.h"
#include "guardian/kernel.h"

#if defined(__SANITIZE_ADDRESS__)
#define ORDEAL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ORDEAL_SANITIZED 1
#endif
#endif

namespace ordeal {

namespace {

#ifdef ORDEAL_SANITIZED
constexpr bool sanitized = true;  // terabytes of shadow cannot be locked
#else
constexpr bool sanitized = false;
#endif

/// The `start` frame of guard mode, made while allocation is still allowed.
std::vector<std::byte> command_frame(const std::vector<std::string>& argv) {
  std::vector<std::byte> bytes(sizeof(FrameHeader));
  FrameHeader header;
  header.type = static_cast<std::uint16_t>(GuardMessage::start);
  std::memcpy(bytes.data(), &header, sizeof header);
  Encoder out(bytes);
  out.u32(1);
  out.u32(static_cast<std::uint32_t>(StartFlag::keep_stdio));
  out.u32(static_cast<std::uint32_t>(argv.size()));
  for (const auto& word : argv) out.text(word);
  out.u32(0);
  out.text("");
  return bytes;
}

std::string_view why_not(Tier tier) {
  switch (tier) {
    case Tier::limited_namespace:
      return "it needs PID namespaces and a cgroup v2 with memory, cpu and pids delegated to this "
             "user (systemd-run --user --scope -p Delegate=yes), or writable v1 ones";
    case Tier::pid_namespace:
      return "neither this user nor a user namespace may make PID namespaces";
    case Tier::cgroup_kill:
      return "it needs a writable cgroup v2 with cgroup.kill (Linux 5.14)";
    default:
      return "processes cannot be made";
  }
}

}  // namespace

Guardian::Guardian(const Options& options, RunClock clock, Evidence evidence, Sensors sensors)
    : options_(options),
      clock_(std::move(clock)),
      evidence_(std::move(evidence)),
      sensors_(std::move(sensors)),
      init_(table_),
      containments_(init_, table_, options.run_id, options.run_dir),
      memory_percent_(options.memory_percent),
      disk_percent_(options.disk_percent),
      pressure_(100 - options.memory_percent) {
  evidence_.use_clock(&clock_);
}

Guardian::~Guardian() {
  if (counters_ != nullptr) ::munmap(counters_, sizeof(SharedCounters));
}

Result<std::unique_ptr<Guardian>> Guardian::arm(const Options& given) {
  Options options = given;
  char real[PATH_MAX];
  if (::realpath(given.run_dir.c_str(), real) == nullptr)
    return errno_error(ExitCode::preflight, "run directory " + given.run_dir, errno);
  options.run_dir = real;
  auto evidence = Evidence::open(options.run_dir);
  if (!evidence) return std::move(evidence).error();
  auto clock = RunClock::open(options.clock_shift);
  if (!clock) return std::move(clock).error();
  auto sensors = Sensors::open(options.proc_root, options.run_dir);
  if (!sensors) {
    evidence->record("end", sensors.error().line(), static_cast<int>(sensors.error().code));
    return std::move(sensors).error();
  }
  std::unique_ptr<Guardian> guardian(new Guardian(
      options, std::move(clock).value(), std::move(evidence).value(), std::move(sensors).value()));
  for (const auto step : {&Guardian::prepare, &Guardian::check_halt_before,
                          &Guardian::check_limits_before, &Guardian::prove_containment}) {
    auto done = (guardian.get()->*step)();
    if (done) continue;
    guardian->note("end", done.error().line(), static_cast<int>(done.error().code));
    guardian->evidence_.sync();
    return std::move(done).error();
  }
  return guardian;
}

Error Guardian::refusal(std::string what) {
  Error error;
  error.code = ExitCode::preflight;
  error.what = std::move(what);
  return error;
}

/// A random UUID: what a stop is called in evidence, log and reports.
void Guardian::make_stop_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return;
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) stop_id_ << "-";
    for (const int digit : {bytes[i] >> 4, bytes[i] & 15})
      stop_id_ << std::string_view(&"0123456789abcdef"[digit], 1);
  }
}

Result<void> Guardian::prepare() {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  for (const int s : {SIGTERM, SIGINT, SIGQUIT, SIGCHLD}) ::sigaddset(&blocked, s);
  ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // ignored (as some parents leave it), children would vanish unseen
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = UniqueFd(::signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return errno_error(ExitCode::preflight, "making a signalfd", errno);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    return errno_error(ExitCode::preflight, "becoming subreaper", errno);
  notifier_.open();
  make_stop_id();
  ::setenv(run_id_variable, options_.run_id.c_str(), 1);

  if (options_.guard_mode) {
    // Its stdio is the command's.
    const std::string folder = options_.run_dir + "/logs";
    ::mkdir(folder.c_str(), 0755);
    log_ = UniqueFd(::open((folder + "/guardian.log").c_str(),
                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    command_frame_ = command_frame(options_.argv);
    if (command_frame_.size() > frame_max) return refusal("the command line is longer than 64 KiB");
  }
  for (auto& word : options_.argv) argv_.push_back(word.data());
  argv_.push_back(nullptr);
  if (!log_) log_ = UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));

  counters_fd_ = UniqueFd(::memfd_create("ordeal-counters", MFD_CLOEXEC));
  if (!counters_fd_ || ::ftruncate(counters_fd_.get(), sizeof(SharedCounters)) != 0)
    return errno_error(ExitCode::preflight, "making the shared counters", errno);
  void* map = ::mmap(nullptr, sizeof(SharedCounters), PROT_READ | PROT_WRITE, MAP_SHARED,
                     counters_fd_.get(), 0);
  if (map == MAP_FAILED)
    return errno_error(ExitCode::preflight, "mapping the shared counters", errno);
  ::madvise(map, sizeof(SharedCounters), MADV_DONTFORK);
  counters_ = new (map) SharedCounters;
  if (const int e = table_.open(); e != 0)
    return errno_error(ExitCode::preflight, "opening /proc", e);
  return {};
}

Result<void> Guardian::check_limits_before() {
  const auto memory = sensors_.memory();
  if (!memory) return refusal("MemAvailable cannot be read from " + options_.proc_root);
  Text text;
  if (memory->used_percent() > memory_percent_) {
    text << "memory: " << Decimal{memory->used_percent(), 1} << " % used, limit "
         << Decimal{memory_percent_, 1} << " %";
    note("limit", text.view(), static_cast<int>(StopReason::memory_limit));
    return refusal("before the start, " + std::string(text.view()));
  }
  const auto disk = sensors_.disk_used_percent();
  if (!disk) return refusal("the file system of " + options_.run_dir + " does not tell its use");
  if (*disk > disk_percent_) {
    text << "disk: " << Decimal{*disk, 1} << " % used under the run directory, limit "
         << Decimal{disk_percent_, 1} << " %";
    note("limit", text.view(), static_cast<int>(StopReason::disk_limit));
    return refusal("before the start, " + std::string(text.view()));
  }
  return {};
}

void Guardian::lock_memory(Text& text) {
  if (sanitized) {
    text << "memory not locked (sanitized build)";
  } else if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    text << "memory not locked (" << std::strerror(errno) << ")";
  } else {
    text << "memory locked";
  }
  // The last to be chosen, where that is permitted.
  if (write_small_file("/proc/self/oom_score_adj", "-900") == 0) text << ", oom_score_adj -900";
  // Children start without it, so the tree cannot use it against the machine.
  const sched_param priority{1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority) == 0)
    text << ", real-time scheduling";
}

Result<void> Guardian::prove_containment() {
  const auto memory = sensors_.memory();
  if (!memory) return refusal("MemAvailable cannot be read from " + options_.proc_root);
  const MachineSize machine = machine_size(memory->total, memory->available);
  Reservation reservation =
      plan_reservation(options_.reserve_cpu_percent, options_.reserve_memory_percent, machine);
  if (sanitized) reservation.hold_back.data_bytes = 0;  // shadow memory counts as data
  const Tier wanted = static_cast<Tier>(options_.tier);
  if (!containments_.plan(wanted, reservation))
    return refusal("tier T" + std::to_string(options_.tier) +
                   " is not to be had here: " + std::string(why_not(wanted)));
  reserved_ = say_reservation(reservation, containments_.groups(), machine.cpus);
  Text text;
  lock_memory(text);
  const auto& load = containments_.plan_for(ContainmentKind::load);
  const auto& service = containments_.plan_for(ContainmentKind::service);
  text << "; load T" << static_cast<int>(load.tier) << (load.new_user ? " (user namespace)" : "")
       << (load.has_fresh_proc ? " (own /proc)" : "") << ", service T"
       << static_cast<int>(service.tier) << "; limits: memory " << Decimal{memory_percent_, 1}
       << " %, disk " << Decimal{disk_percent_, 1} << " %, duration "
       << Decimal{static_cast<double>(options_.max_duration_ns) / 1e9, 1}
       << (options_.max_duration_ns == 0 ? " (none)" : " s");
  note("armed", text.view(), static_cast<int>(load.tier), static_cast<int>(service.tier));
  note("reserved", reserved_, static_cast<int>(load.tier));

  if (!options_.drill) {
    note("drill", "skipped on request", 0, 2);
  } else {
    DrillResult worst = kill_drill(containments_, ContainmentKind::load);
    if (worst.passed && service.tier != load.tier) {
      const DrillResult other = kill_drill(containments_, ContainmentKind::service);
      if (!other.passed || other.ns > worst.ns) worst = other;
    }
    drill_ns_ = worst.ns;
    Text result;
    result << (worst.passed ? "kill drill passed: tree ended in " : "kill drill failed: ")
           << worst.why << (worst.passed ? "" : ", after ")
           << Decimal{static_cast<double>(worst.ns) / 1e6, 2} << " ms";
    note("drill", result.view(), static_cast<std::int64_t>(worst.ns), worst.passed ? 1 : 0);
    if (!worst.passed) {
      // Nothing may be left of it either way.
      containments_.kill_all();
      return refusal(std::string(result.view()));
    }
  }

  const ProcessIdentity me = identify_process(::getpid());
  return write_file(
      options_.run_dir + "/" + guardian_pid_file,
      std::to_string(me.pid) + " " + std::to_string(me.start_ticks) + " " + me.boot_id + "\n");
}

}  // namespace ordeal
