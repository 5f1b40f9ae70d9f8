// SPDX-License-Identifier: Apache-2.0
#include "sample_plugin.h"

#include <stdexcept>

#include "ordeal/plugin.hpp"

namespace {

class Breaks {
 public:
  explicit Breaks(const ordeal::Context& context) : word_(context.config) {
    if (word_ == "failure") throw ordeal::Failure(ORDEAL_E_NOT_FOUND, "no such thing");
    at("create");
  }
  void at(const char* call) const {
    if (word_ == call) throw std::runtime_error(word_ + " broke");
  }
  void odd() const {
    if (word_ == "odd") throw 7;
  }

 private:
  std::string word_;
};

class Echo final : public ordeal::Scenario {
 public:
  explicit Echo(const ordeal::ScenarioContext& context) : Scenario(context), breaks_(context) {}
  ordeal::ScenarioInfo describe() override {
    breaks_.at("describe");
    breaks_.odd();
    return {{"get", "post"}, {"connect"}, 3, true};
  }
  void open(ordeal_session_id session) override {
    breaks_.at("open");
    engine().opened(session);
  }
  void close(ordeal_session_id, std::uint32_t) override { breaks_.at("close"); }
  void issue(const ordeal_op& op) override {
    breaks_.at("issue");
    breaks_.odd();
    engine().complete(op.id, ORDEAL_OUTCOME_OK, 200);
  }
  void cancel(std::uint64_t) override { breaks_.at("cancel"); }
  void drain(std::uint64_t) override { breaks_.at("drain"); }

 private:
  Breaks breaks_;
};

class Other final : public ordeal::Scenario {
 public:
  using Scenario::Scenario;
  ordeal::ScenarioInfo describe() override { return {{"other"}, {}, 1, false}; }
  void open(ordeal_session_id session) override { engine().opened(session); }
  void close(ordeal_session_id, std::uint32_t) override {}
  void issue(const ordeal_op& op) override { engine().complete(op.id, ORDEAL_OUTCOME_FAIL); }
  void cancel(std::uint64_t) override {}
};

class Count final : public ordeal::Collector {
 public:
  explicit Count(const ordeal::Context& context) : Collector(context), breaks_(context) {}
  std::span<const ordeal::Metric> metrics() override {
    breaks_.at("describe");
    breaks_.odd();
    static constexpr ordeal::Metric table[]{
        {"sample_total", ORDEAL_METRIC_COUNTER, "", "side", "Counts its calls."}};
    return table;
  }
  void collect(ordeal::SampleSink& sink) override {
    breaks_.at("collect");
    breaks_.odd();
    sink.add(0, "left", ++calls_);
  }

 private:
  Breaks breaks_;
  double calls_ = 0;
};

class Judge final : public ordeal::Rule {
 public:
  explicit Judge(const ordeal::Context& context) : Rule(context), breaks_(context) {}
  ordeal::Judgement evaluate(const ordeal::SnapshotView& snapshot) override {
    breaks_.at("evaluate");
    breaks_.odd();
    ordeal::Judgement out;
    for (const ordeal_sample& sample : snapshot.samples()) out.value += sample.value;
    for (const ordeal_interval& interval : snapshot.intervals()) out.limit += interval.outcomes[0];
    out.level = ORDEAL_VERDICT_HOLD;
    out.metric = "sum";
    out.reason = "the sum is what it is";
    out.window_ns = snapshot.now_ns();
    return out;
  }

 private:
  Breaks breaks_;
};

class Write final : public ordeal::Report {
 public:
  explicit Write(const ordeal::Context& context) : Report(context), breaks_(context) {}
  void render(std::uint32_t stage, std::string_view document, ordeal::FileSink& sink) override {
    breaks_.at("render");
    breaks_.odd();
    sink.file(std::to_string(stage) + ".txt", document);
  }
  void interval(std::string_view) override { breaks_.at("interval"); }

 private:
  Breaks breaks_;
};

}  // namespace

ORDEAL_PLUGIN("org.example.sample", "1.2.3", ordeal::scenario<Echo>("echo"),
              ordeal::scenario<Other>("other"), ordeal::collector<Count>("count"),
              ordeal::rule<Judge>("judge"), ordeal::report<Write>("write"));
