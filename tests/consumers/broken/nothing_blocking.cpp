// SPDX-License-Identifier: Apache-2.0
// No defect: a scenario over a blocking client, with threads of its own (KIND_SCENARIO).
#include <cstddef>
#include <memory>

#include <ordeal/blocking_scenario.hpp>
#include <ordeal/plugin.hpp>

namespace {

struct Client {
  struct Connection {};
  explicit Client(const ordeal::Context& context) {
    if (context.config.substr(0, 1) != "{") {
      throw ordeal::Failure(ORDEAL_E_INVALID, "the config is no object");
    }
  }
  [[nodiscard]] ordeal::ScenarioInfo describe() const {
    ordeal::ScenarioInfo info;
    info.kinds = {"ask", "tell"};
    return info;
  }
  [[nodiscard]] std::size_t threads() const { return 3; }
  [[nodiscard]] std::unique_ptr<Connection> connect() const {
    return std::make_unique<Connection>();
  }
  ordeal::BlockingResult perform(Connection&, const ordeal::BlockingOp&) const { return {}; }
};

}  // namespace

ORDEAL_PLUGIN(PLUGIN_ID, "0.1.0", ordeal::scenario<ordeal::BlockingScenario<Client>>("broken"));
