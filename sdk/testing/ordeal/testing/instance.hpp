// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "fake_engine.hpp"
#include "fake_host.hpp"
#include "ordeal/abi/collector.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"

namespace ordeal::testing {

/// One component instance, made and ended as a host does it. Factory: one of the ordeal_*_factory.
template <class Factory>
class Instance {
 public:
  /// Throws std::runtime_error with the status and the plugin's reason when create refuses.
  Instance(const Factory* factory, FakeHost& host, std::string_view component,
           std::string_view config) requires(!std::is_same_v<Factory, ordeal_scenario_factory>)
      : factory_(factory), host_(host) {
    need_factory();
    host_.reactor().reopen();
    host_.forget_subscriptions();
    accept(factory_->create(host.handle(), abi::str(component), abi::str(config), &instance_));
  }
  Instance(const Factory* factory, FakeHost& host, FakeEngine& engine, std::string_view component,
           std::string_view config) requires(std::is_same_v<Factory, ordeal_scenario_factory>)
      : factory_(factory), host_(host) {
    need_factory();
    host_.reactor().reopen();
    host_.forget_subscriptions();
    accept(factory_->create(host.handle(), engine.handle(), abi::str(component), abi::str(config),
                            &instance_));
  }
  ~Instance() {
    if (instance_ == nullptr) return;
    host_.reactor().close();
    factory_->destroy(instance_);
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// The function table; every function takes `get()` first.
  const Factory* operator->() const { return factory_; }
  [[nodiscard]] void* get() const { return instance_; }

 private:
  void need_factory() const {
    if (factory_ == nullptr) throw std::runtime_error("the plugin has no factory of that kind");
  }
  void accept(std::int32_t status) const {
    if (status != ORDEAL_OK) {
      throw std::runtime_error("create: status " + std::to_string(status) + ": " + host_.error());
    }
  }

  const Factory* factory_;
  FakeHost& host_;
  void* instance_ = nullptr;
};

}  // namespace ordeal::testing
