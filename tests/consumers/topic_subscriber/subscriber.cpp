// SPDX-License-Identifier: Apache-2.0
// A report that writes the bus's sequence number and the payload of each event it saw, a line each;
// and a collector that counts them, and at some time takes no more.
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include <ordeal/plugin.hpp>

namespace {

class Seen : public ordeal::Report {
 public:
  explicit Seen(const ordeal::Context& context)
      : Report(context), name_(std::string(context.component)) {
    if (host().subscribe<&Seen::on_next>("org.example.numbers/next", this) != ORDEAL_OK)
      throw ordeal::Failure(ORDEAL_E_UNSUPPORTED, "cannot subscribe to the numbers");
  }

  void render(std::uint32_t stage, std::string_view, ordeal::FileSink& sink) override {
    if (stage == ORDEAL_STAGE_CAMPAIGN) sink.file(name_ + ".txt", lines_);
  }

 private:
  void on_next(const ordeal_event& event) noexcept {
    std::uint64_t number = 0;
    if (!ordeal::abi::payload_as(event, number)) return;
    lines_ += std::to_string(event.seq) + " " + std::to_string(number) + "\n";
    if (name_ == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }

  std::string name_;
  std::string lines_;
};

class Stuck : public ordeal::Collector {
 public:
  explicit Stuck(const ordeal::Context& context) : Collector(context) {
    if (host().subscribe<&Stuck::on_next>("org.example.numbers/next", this) != ORDEAL_OK)
      throw ordeal::Failure(ORDEAL_E_UNSUPPORTED, "cannot subscribe to the numbers");
  }

  std::span<const ordeal::Metric> metrics() override {
    static constexpr ordeal::Metric seen{"numbers_seen_total", ORDEAL_METRIC_COUNTER, "", "",
                                         "Events taken."};
    return {&seen, 1};
  }
  void collect(ordeal::SampleSink& sink) override { sink.add(0, "", seen_); }

 private:
  void on_next(const ordeal_event&) noexcept {
    // More than the probes of a baseline make: the run has its load by then.
    if (++seen_ > 60) std::this_thread::sleep_for(std::chrono::hours(1));
  }

  double seen_ = 0;
};

}  // namespace

ORDEAL_PLUGIN("org.example.subscriber", "0.2.0", ordeal::report<Seen>("seen"),
              ordeal::report<Seen>("slow"), ordeal::collector<Stuck>("stuck"));
