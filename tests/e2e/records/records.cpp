// SPDX-License-Identifier: Apache-2.0
// Writes the data of every operation down, a line each, in a file of its own process: what a feeder
// really gives to a scenario.
#include <unistd.h>

#include <fstream>
#include <ordeal/json.hpp>
#include <ordeal/plugin.hpp>
#include <string>

namespace {

class Records final : public ordeal::Scenario {
 public:
  explicit Records(const ordeal::ScenarioContext& context)
      : Scenario(context), folder_(ordeal::Json::checked(context.config)["folder"].text()) {}

  ordeal::ScenarioInfo describe() override { return {{"write"}, {}, 1, false}; }
  void open(ordeal_session_id session) override { engine().opened(session); }
  void close(ordeal_session_id, std::uint32_t) override {}
  void issue(const ordeal_op& op) override {
    const bool probe = (op.flags & ORDEAL_OP_PROBE) != 0;
    if (!out_.is_open())
      out_.open(folder_ + (probe ? "/probe-" : "/load-") + std::to_string(::getpid()));
    out_ << std::string_view(op.data.ptr, op.data.len) << std::endl;  // it may be killed
    engine().complete(op.id, ORDEAL_OUTCOME_OK);
  }
  void cancel(std::uint64_t) override {}

 private:
  std::string folder_;
  std::ofstream out_;
};

}  // namespace

ORDEAL_PLUGIN("org.example.records", "0.1.0", ordeal::scenario<Records>("records"));
