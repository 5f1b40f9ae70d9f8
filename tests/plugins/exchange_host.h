// SPDX-License-Identifier: Apache-2.0
// What an exchange needs of a host and an engine, without either. Shared by tests and fuzzing.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <string_view>

#include "ordeal/scenario.hpp"
#include "scenarios/http/exchange.h"

/// How an operation ended.
struct Fate {
  std::uint32_t outcome;
  std::int64_t code;
  bool operator==(const Fate&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Fate& fate) {
    return out << "outcome " << fate.outcome << " code " << fate.code;
  }
};

class ExchangeHost {
 public:
  static constexpr std::size_t max_body = 200;

  /// Completions are given to `complete`, if there is one, with `self` in the engine.
  explicit ExchangeHost(decltype(ordeal_engine::complete) complete = nullptr,
                        void* self = nullptr) {
    host_.struct_size = sizeof host_;
    host_.get_extension = [](const ordeal_host*, ordeal_str) noexcept -> const void* {
      return nullptr;
    };
    host_.set_error = [](const ordeal_host*, ordeal_str) noexcept {};
    engine_.struct_size = sizeof engine_;
    engine_.self = self;
    engine_.complete = complete;
    engine_.observe = [](const ordeal_engine*, ordeal_session_id, std::uint32_t,
                         std::uint64_t) noexcept {};
  }
  ExchangeHost(const ExchangeHost&) = delete;
  ExchangeHost& operator=(const ExchangeHost&) = delete;

  http::ExchangeShared& shared() { return shared_; }

 private:
  ordeal_host host_{};
  ordeal_engine engine_{};
  http::ExchangeShared shared_{.host = ordeal::Host(&host_),
                               .engine = ordeal::Engine(&engine_),
                               .max_body = max_body,
                               .renderer = {1, true},
                               .json = {}};
};

/// A copy of exactly its size, so that a sanitizer sees what is read beside it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes)
      : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};
