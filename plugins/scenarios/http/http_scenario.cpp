// SPDX-License-Identifier: Apache-2.0
// HTTP: a session is a connection, an operation a request.
#include <netdb.h>

#include <memory>
#include <optional>
#include <ordeal/plugin.hpp>
#include <string>
#include <vector>

#include "config.h"
#include "connection.h"
#include "h2_connection.h"
#include "resolver.h"
#include "tls_client.h"

namespace http {

class HttpScenario final : public ordeal::Scenario {
 public:
  explicit HttpScenario(const ordeal::ScenarioContext& context)
      : Scenario(context),
        config_(parse_config(context.config)),
        resolver_(config_.unix_socket ? Resolver(context.host, *config_.unix_socket)
                                      : Resolver(context.host, config_.url.host, config_.url.port,
                                                 config_.family, [this] { resolved(); })),
        exchange_{.host = context.host,
                  .engine = context.engine,
                  .max_body = config_.max_body,
                  .renderer = {config_.seed, config_.trace_sampled},
                  .json = {}},
        shared_{.host = context.host,
                .engine = context.engine,
                .route = {.host = context.host,
                          .addresses = &resolver_.addresses(),
                          .connect_timeout_ns = config_.connect_timeout_ns,
                          .spread = config_.spread},
                .exchange = exchange_,
                .pipeline = config_.pipeline} {
    if (config_.h2) h2_.emplace(exchange_, shared_.route, config_.h2_streams);
    if (!config_.url.tls) return;
    tls_.emplace(context.host, config_.tls, config_.url.host, config_.h2 ? "h2" : "http/1.1");
    shared_.route.tls = &*tls_;
  }

  ordeal::ScenarioInfo describe() override {
    ordeal::ScenarioInfo info;
    for (const Kind& kind : config_.kinds) info.kinds.push_back(kind.name);
    info.max_in_flight = config_.h2 ? config_.h2_streams : config_.pipeline;
    info.marks = {"connect", "first_byte"};
    if (config_.url.tls) info.marks.insert(info.marks.end(), {"tls", "tls_resumed"});
    if (config_.streams) {
      exchange_.mark_first_event = static_cast<std::uint32_t>(info.marks.size());
      exchange_.mark_event_gap = exchange_.mark_first_event + 1;
      info.marks.insert(info.marks.end(), {"first_event", "event_gap"});
    }
    return info;
  }

  void open(ordeal_session_id session) override {
    if (h2_) {
      make(h2_connections_, *h2_, session);
    } else {
      make(connections_, shared_, session);
    }
    if (resolver_.addresses().empty()) {
      resolver_.ask();
      unresolved_.push_back(session);
    } else {
      with(session, [](auto& connection) { connection.open(); });
    }
  }

  void close(ordeal_session_id session, std::uint32_t how) override {
    std::erase(unresolved_, session);
    with(session, [how](auto& connection) { connection.close(how); });
  }

  void issue(const ordeal_op& op) override {
    const Request& request = config_.kinds[op.kind].take();
    with(op.session, [&](auto& connection) { connection.issue(op, request); });
  }

  // What is cancelled is nearly always what was sent first.
  void cancel(std::uint64_t op_id) override {
    for (Connection* c = shared_.oldest; c != nullptr; c = c->newer())
      if (c->cancel(op_id)) return;
    if (!h2_) return;
    for (H2Operation* o = h2_->operations.oldest; o != nullptr; o = o->newer) {
      if (o->op_id != op_id) continue;
      h2_connections_[o->session]->cancel(*o);
      return;
    }
  }

 private:
  template <class Made, class Common>
  static void make(std::vector<std::unique_ptr<Made>>& connections, Common& common,
                   ordeal_session_id session) {
    if (session >= connections.size()) connections.resize(session + 1u);
    if (!connections[session]) connections[session] = std::make_unique<Made>(common, session);
  }
  template <class Do>
  void with(ordeal_session_id session, Do&& act) {
    if (h2_) {
      act(*h2_connections_[session]);
    } else {
      act(*connections_[session]);
    }
  }

  void resolved() {
    if (resolver_.addresses().empty())
      host().warning("looking up '" + config_.url.host + "': " + ::gai_strerror(resolver_.error()));
    const std::vector<ordeal_session_id> sessions = std::move(unresolved_);
    unresolved_.clear();
    for (const ordeal_session_id session : sessions) {
      if (resolver_.addresses().empty()) {
        with(session, [this](auto& connection) {
          connection.fail_open(ORDEAL_OUTCOME_REFUSED, resolver_.error());
        });
      } else {
        with(session, [](auto& connection) { connection.open(); });
      }
    }
  }

  Config config_;
  std::optional<TlsClient> tls_;
  Resolver resolver_;
  ExchangeShared exchange_;
  Shared shared_;
  std::vector<ordeal_session_id> unresolved_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::optional<H2Shared> h2_;  // when the protocol is HTTP/2, and then these in place of those
  std::vector<std::unique_ptr<H2Connection>> h2_connections_;
};

}  // namespace http

ORDEAL_PLUGIN("org.ordeal.http", "0.1.0", ordeal::scenario<http::HttpScenario>("http"));
