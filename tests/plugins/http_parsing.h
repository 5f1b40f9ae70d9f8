// SPDX-License-Identifier: Apache-2.0
// A response parser with its exchange, without a network. Shared by tests and fuzzing.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "plugins/exchange_host.h"
#include "scenarios/http/exchange.h"
#include "scenarios/http/request.h"
#include "scenarios/http/response_parser.h"

class Parsing {
 public:
  static constexpr std::size_t max_body = ExchangeHost::max_body;

  /// An outcome of ORDEAL_OUTCOME_COUNT stands for a response that is not HTTP, and one more for a
  /// response that goes on.
  using Fate = ::Fate;

  explicit Parsing(http::Message message)
      : request_(http::build_request(http::parse_url("http://h"),
                                     std::make_shared<const http::Message>(std::move(message)),
                                     http::Template("/", http::Encoding::url))) {}

  /// The response in pieces that end at `cuts`; then the connection's end.
  Fate run(std::string_view response, const std::vector<std::size_t>& cuts) {
    ordeal_op op{};
    op.struct_size = sizeof op;
    if (exchange_.begin(host_.shared(), request_, op) != 0)
      throw std::runtime_error("not rendered");
    parser_.begin(exchange_);
    std::size_t from = 0;
    for (std::size_t i = 0; i <= cuts.size() && from < response.size(); ++i) {
      const std::size_t to = i < cuts.size() ? cuts[i] : response.size();
      const std::string_view cut = response.substr(from, to - from);
      from = to;
      if (cut.empty()) continue;
      const ExactCopy piece(cut);
      if (const auto fate = judge(parser_.feed(piece.data(), piece.size())); !goes_on(fate))
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
  ExchangeHost host_;
  http::Request request_;
  http::Exchange exchange_;
  http::ResponseParser parser_;
};
