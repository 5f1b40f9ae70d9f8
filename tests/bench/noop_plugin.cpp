// SPDX-License-Identifier: Apache-2.0
// The same through the C++ layer.
#include <ordeal/plugin.hpp>

namespace {

class Nothing final : public ordeal::Scenario {
 public:
  using Scenario::Scenario;
  ordeal::ScenarioInfo describe() override { return {{"nothing"}, {}, 1, false}; }
  void open(ordeal_session_id session) override { engine().opened(session); }
  void close(ordeal_session_id, std::uint32_t) override {}
  void issue(const ordeal_op& op) override {
    ordeal_result result{};
    result.struct_size = sizeof result;
    result.requests = 1;
    engine().complete(op.id, result);
  }
  void cancel(std::uint64_t) override {}
};

}  // namespace

ORDEAL_PLUGIN("org.example.noop", "0.1.0", ordeal::scenario<Nothing>("noop"));
