// SPDX-License-Identifier: Apache-2.0
// The client's side of an HTTP/2 connection without a network. Shared by tests and fuzzing.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/exchange_host.h"
#include "scenarios/http/h2_session.h"

class H2Parsing : private http::H2SessionUser {
 public:
  using Fate = ::Fate;

  H2Parsing(http::Message message, std::uint32_t streams)
      : streams_(streams), session_(operations_, *this, 7, streams) {
    const http::Url url = http::parse_url("http://h");
    request_ = http::build_request(url, std::make_shared<const http::Message>(std::move(message)),
                                   http::Template("/", http::Encoding::url));
    request_.h2 = std::make_shared<const http::H2Request>(url, request_);
    if (!session_.start()) throw std::runtime_error("no session");
  }
  ~H2Parsing() { end(); }
  H2Parsing(const H2Parsing&) = delete;
  H2Parsing& operator=(const H2Parsing&) = delete;

  /// What a server's connection begins with.
  static std::string preface() { return frame(NGHTTP2_SETTINGS, 0, 0, ""); }
  static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                           std::string_view payload) {
    std::string out;
    for (const int shift : {16, 8, 0}) out += static_cast<char>(payload.size() >> shift);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + number(stream) + std::string(payload);
  }
  static std::string number(std::uint32_t value) {
    std::string out;
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift);
    return out;
  }

  http::H2Session& session() { return session_; }
  [[nodiscard]] bool full() const { return in_flight_ == streams_; }
  std::uint64_t issue() {
    ordeal_op op{};
    op.struct_size = sizeof op;
    op.id = next_id_++;
    op.session = 7;
    ++in_flight_;
    session_.issue(op, request_);
    return op.id;
  }
  void cancel_oldest() {
    if (operations_.oldest == nullptr) return;
    fates_[operations_.oldest->op_id] = {ORDEAL_OUTCOME_CANCELLED, 0};
    --in_flight_;
    session_.cancel(*operations_.oldest);
  }
  /// All there is to send.
  std::string take() {
    std::string out;
    std::vector<char> part(64 * 1024);
    while (const std::size_t n = session_.take(part.data(), part.size(), 1))
      out.append(part.data(), n);
    return out;
  }
  /// False once the connection is of no more use.
  bool feed(std::string_view bytes) {
    const ExactCopy piece(bytes);
    return session_.feed(piece.data(), piece.size(), 2);
  }
  /// Ends all that has not ended; every operation must then have ended exactly once.
  void end() {
    session_.end_streams(ORDEAL_OUTCOME_REFUSED, 1);
    session_.end_waiting(ORDEAL_OUTCOME_REFUSED, 2);
    session_.stop();
    if (in_flight_ != 0 || fates_.size() != next_id_ - 1 || operations_.oldest != nullptr ||
        operations_.newest != nullptr)
      std::abort();
  }
  [[nodiscard]] bool ended(std::uint64_t id) const { return fates_.contains(id); }
  [[nodiscard]] Fate fate(std::uint64_t id) const { return fates_.at(id); }

 private:
  void session_wants_to_send() noexcept override {}

  static void complete(const ordeal_engine* e, std::uint64_t id,
                       const ordeal_result* result) noexcept {
    auto& self = *static_cast<H2Parsing*>(e->self);
    if (!self.fates_.emplace(id, Fate{result->outcome, result->code}).second) std::abort();
    --self.in_flight_;
  }

  ExchangeHost host_{&H2Parsing::complete, this};
  http::H2Operations operations_{host_.shared()};
  std::uint32_t streams_;
  std::uint64_t next_id_ = 1;
  std::uint32_t in_flight_ = 0;
  std::map<std::uint64_t, Fate> fates_;
  http::Request request_;
  http::H2Session session_;
};
