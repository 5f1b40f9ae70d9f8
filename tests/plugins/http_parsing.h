// SPDX-License-Identifier: Apache-2.0
// A response parser with its exchange, without a network. Shared by tests and fuzzing.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ordeal/scenario.hpp"
#include "scenarios/http/exchange.h"
#include "scenarios/http/request.h"
#include "scenarios/http/response_parser.h"

class Parsing {
 public:
  static constexpr std::size_t max_body = 200;

  /// Outcome and code; an outcome of ORDEAL_OUTCOME_COUNT stands for a response that is not HTTP,
  /// and one more for a response that goes on.
  struct Fate {
    std::uint32_t outcome;
    std::int64_t code;
    bool operator==(const Fate&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Fate& fate) {
      return out << "outcome " << fate.outcome << " code " << fate.code;
    }
  };

  explicit Parsing(http::Message message)
      : shared_{.host = ordeal::Host(&host_),
                .engine = ordeal::Engine(&engine_),
                .max_body = max_body,
                .renderer = {1, true},
                .json = {}},
        request_(http::build_request(http::parse_url("http://h"),
                                     std::make_shared<const http::Message>(std::move(message)),
                                     http::Template("/", http::Encoding::url))) {}

  /// The response in pieces that end at `cuts`; then the connection's end.
  Fate run(std::string_view response, const std::vector<std::size_t>& cuts) {
    ordeal_op op{};
    op.struct_size = sizeof op;
    if (exchange_.begin(shared_, request_, op) != 0) throw std::runtime_error("not rendered");
    parser_.begin(exchange_);
    std::size_t from = 0;
    for (std::size_t i = 0; i <= cuts.size() && from < response.size(); ++i) {
      const std::size_t to = i < cuts.size() ? cuts[i] : response.size();
      // A copy of exactly its size, so that a sanitizer sees what is read beside it.
      const std::string_view cut = response.substr(from, to - from);
      from = to;
      if (cut.empty()) continue;
      const auto piece = std::make_unique<char[]>(cut.size());
      std::memcpy(piece.get(), cut.data(), cut.size());
      if (const auto fate = judge(parser_.feed(piece.get(), cut.size())); !goes_on(fate))
        return fate;
    }
    return judge(parser_.end());
  }

 private:
  static bool goes_on(const Fate& fate) { return fate.outcome == ORDEAL_OUTCOME_COUNT + 1; }
  Fate judge(http::ResponseParser::Step step) {
    using Step = http::ResponseParser::Step;
    if (step == Step::more) return {ORDEAL_OUTCOME_COUNT + 1, 0};
    if (step == Step::broken) return {ORDEAL_OUTCOME_COUNT, 0};
    const auto verdict = exchange_.end();
    return {verdict.outcome, verdict.code};
  }
  static ordeal_host make_host() {
    ordeal_host host{};
    host.struct_size = sizeof host;
    host.get_extension = [](const ordeal_host*, ordeal_str) noexcept -> const void* {
      return nullptr;
    };
    host.set_error = [](const ordeal_host*, ordeal_str) noexcept {};
    return host;
  }
  static ordeal_engine make_engine() {
    ordeal_engine engine{};
    engine.struct_size = sizeof engine;
    engine.observe = [](const ordeal_engine*, ordeal_session_id, std::uint32_t,
                        std::uint64_t) noexcept {};
    return engine;
  }

  ordeal_host host_ = make_host();
  ordeal_engine engine_ = make_engine();
  http::ExchangeShared shared_;
  http::Request request_;
  http::Exchange exchange_;
  http::ResponseParser parser_;
};
