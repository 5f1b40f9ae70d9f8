// SPDX-License-Identifier: Apache-2.0
// Whether memory stays what it is, however long a run lasts: a worker's recording and the
// controller's side of it (decoding, adding up, the journal) on a synthetic clock of one interval a
// second. Prints the resident memory after a thousandth of the operations and at the end; fails
// when it has grown by more than a MiB.
//   memory [--operations N] [--intervals N]
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <thread>

#include "campaign/bulletin.h"
#include "campaign/load_totals.h"
#include "campaign/recorder.h"
#include "engine/recorder.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::size_t table_size = 1 << 16;

class SyntheticClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return now_.load(); }
  [[nodiscard]] std::uint64_t wall_ns() const override {
    return 1'795'453'200 * second + now_.load();
  }
  void advance(std::uint64_t ns) { now_.fetch_add(ns); }

 private:
  std::atomic<std::uint64_t> now_{second};
};

double resident_mib() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  in >> all >> resident;
  return static_cast<double>(resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))) /
         (1024 * 1024);
}

/// Every value that will occur occurs in any thousand intervals: what differs is only how often.
std::vector<std::uint64_t> latencies() {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> latency(std::log(80e3), 0.9);
  std::vector<std::uint64_t> table(table_size);
  for (auto& one : table) one = static_cast<std::uint64_t>(latency(random));
  return table;
}

/// The controller, as far as intervals reach into it.
class ControllerSide {
 public:
  explicit ControllerSide(SyntheticClock& clock) : clock_(clock) {
    bus_ = Bus::make(controller_topics(), clock_, 1024, std::chrono::seconds(20));
    std::vector<std::string> topics;
    for (const auto& topic : controller_topics()) topics.push_back(topic.name);
    auto subscription = bus_->subscribe("journal", topics, 1024);
    auto journal = JournalWriter::open(folder_ + "/journal.db");
    if (!subscription || !journal) throw std::runtime_error("no journal");
    recorder_ = std::make_unique<Recorder>(std::move(*journal), std::move(*subscription), clock_,
                                           10 * second, heartbeat_);
    recorder_->describe_load(0, {{"connect", "tls", "first_byte", "total"}, 1});
    bus_->start();
    recorder_->start();
    bulletin_ = std::make_unique<Bulletin>(*bus_, clock_);
    PhaseRow row;
    row.name = "long";
    row.state = "running";
    row.started = bulletin_->moment();
    row.plan = row.result = "{}";
    bulletin_->phase(row);
  }
  ~ControllerSide() {
    bus_->close();
    recorder_->finish();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ControllerSide(const ControllerSide&) = delete;
  ControllerSide& operator=(const ControllerSide&) = delete;

  void interval(const std::vector<std::byte>& bytes) {
    const auto frame = decode_interval(bytes);
    if (!frame) throw std::runtime_error(frame.error().line());
    bulletin_->interval(0, bytes, 0, 0);
    totals_.add(*frame, "worker", std::numeric_limits<std::uint64_t>::max());
  }
  void settle() {
    const std::uint64_t wanted = bulletin_->barrier();
    while (recorder_->barrier_done() < wanted && recorder_->failure().empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (const auto failure = recorder_->failure(); !failure.empty())
      throw std::runtime_error(failure);
  }
  [[nodiscard]] std::uint64_t operations() const { return totals_.latency.count(); }

 private:
  static std::string make_folder() {
    std::string name = std::filesystem::exists("/dev/shm")
                           ? "/dev/shm/ordeal-memory.XXXXXX"
                           : (std::filesystem::temp_directory_path() / "ordeal-memory.XXXXXX");
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder");
    return name;
  }

  SyntheticClock& clock_;
  std::string folder_ = make_folder();
  std::atomic<std::uint64_t> heartbeat_{0};
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Bulletin> bulletin_;
  LoadTotals totals_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t operations = 1'000'000'000;
  std::uint64_t intervals = 100'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t value = std::max(1'000ULL, std::strtoull(argv[i + 1], nullptr, 10));
    if (std::strcmp(argv[i], "--operations") == 0) operations = value;
    if (std::strcmp(argv[i], "--intervals") == 0) intervals = value;
  }
  try {
    SyntheticClock clock;
    ControllerSide controller(clock);
    const auto table = latencies();
    IntervalRecorder recorder(2, 4, 1);
    const std::uint64_t each = std::max<std::uint64_t>(1, operations / intervals);
    const std::uint64_t first = std::max<std::uint64_t>(100, intervals / 1000);
    double early = 0;
    std::uint64_t early_operations = 0;
    std::uint64_t n = 0;
    for (std::uint64_t i = 0; i < intervals; ++i) {
      for (std::uint64_t op = 0; op < each; ++op, ++n) {
        const auto kind_index = static_cast<std::uint32_t>(n & 1);
        const std::uint64_t latency = table[(n * 7) % table_size];
        recorder.outcome(kind_index, Outcome::ok, 200);
        KindInterval& kind = recorder.kind(kind_index);
        kind.latency.record(latency);
        kind.service.record(latency - latency / 16);
        for (auto& mark : kind.marks) mark.record(latency / 2);
        recorder.counts().send_lag.record(latency / 64);
      }
      const std::uint64_t start = clock.monotonic_ns();
      clock.advance(second);
      IntervalFrame frame = recorder.swap(start + second);
      frame.start_ns = start;
      controller.interval(encode(frame));
      // A stream drops what its reader cannot follow, and here nobody waits a second.
      if (i % 64 == 63) controller.settle();
      if (i + 1 == first) {
        controller.settle();
        early = resident_mib();
        early_operations = n;
      }
    }
    controller.settle();
    const double late = resident_mib();
    if (controller.operations() != n) throw std::runtime_error("operations were lost");
    std::printf(
        "resident after %llu operations in %llu intervals: %.2f MiB; after %llu in %llu: %.2f MiB; "
        "grown by %.2f MiB (limit 1)\n",
        static_cast<unsigned long long>(early_operations), static_cast<unsigned long long>(first),
        early, static_cast<unsigned long long>(n), static_cast<unsigned long long>(intervals), late,
        late - early);
    return late - early <= 1 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory: %s\n", error.what());
    return 1;
  }
}
