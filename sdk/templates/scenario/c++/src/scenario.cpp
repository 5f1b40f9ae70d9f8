// SPDX-License-Identifier: Apache-2.0
// @NAME@: load for a server that speaks lines. "SET key value" is answered "OK", "GET key" is
// answered "VALUE bytes" or "NONE"; "BUSY" asks for less, "ERROR ..." is a failed operation, and
// anything else breaks the protocol.
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <ordeal/json.hpp>
#include <ordeal/plugin.hpp>

namespace {

// In the order in which describe() names them.
enum Kind : std::uint32_t { kind_get, kind_set };
enum Mark : std::uint32_t { mark_connect };

constexpr std::size_t longest_answer = 1 << 20;

/// The component's options. The host has checked them against the manifest's config_schema and put
/// in the defaults.
struct Config {
  explicit Config(std::string_view text) {
    const ordeal::Json json = ordeal::Json::checked(text);
    const std::string host = json["address"].text();
    const std::string service = std::to_string(json["port"].count());
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;  // a look-up would block the worker
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), service.c_str(), &hints, &found) != 0) {
      throw ordeal::Failure(ORDEAL_E_INVALID, "address '" + host + "' is not an IP address");
    }
    address = std::shared_ptr<addrinfo>(found, ::freeaddrinfo);
    keys = json["keys"].count(1);
    value.assign(json["value_bytes"].count(1), 'x');
    connect_timeout_ns = json["connect_timeout_ms"].count(2000) * 1'000'000;
  }

  std::shared_ptr<addrinfo> address;
  std::uint64_t keys = 1;
  std::string value;
  std::uint64_t connect_timeout_ns = 0;
};

/// One session: a connection with one request in flight at a time. It is in a settled state before
/// the engine is told of anything, because the engine may call back at once.
class Connection {
 public:
  Connection(const Config& config, const ordeal::Host& host, const ordeal::Engine& engine,
             ordeal_session_id session)
      : config_(config), host_(host), engine_(engine), session_(session) {}
  ~Connection() { disconnect(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Starts to connect; the answer goes to engine.opened.
  void open() {
    opened_ns_ = host_.now_ns();
    const addrinfo& to = *config_.address;
    fd_ = ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd_ < 0 || ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (::connect(fd_, to.ai_addr, to.ai_addrlen) != 0 && errno != EINPROGRESS)) {
      not_opened(errno);
      return;
    }
    connecting_ = true;
    if (host_.watch<&Connection::ready>(fd_, ORDEAL_IO_WRITE, this, &watch_) != ORDEAL_OK ||
        host_.timer<&Connection::connect_timeout>(opened_ns_ + config_.connect_timeout_ns, this,
                                                  &timer_) != ORDEAL_OK) {
      not_opened(ENOMEM);
    }
  }

  void issue(const ordeal_op& op) {
    op_ = op.id;
    kind_ = op.kind;
    const std::string key = "key" + std::to_string(op.id % config_.keys);
    out_ = kind_ == kind_get ? "GET " + key + "\n" : "SET " + key + " " + config_.value + "\n";
    sent_ = 0;
    in_.clear();
    sent_ns_ = host_.now_ns();
    send_rest();
  }

  [[nodiscard]] std::uint64_t op() const { return op_; }

  /// Gives up the request in flight. Its answer may still come, so the connection goes too.
  void cancel() {
    op_ = 0;
    disconnect();
    engine_.lost(session_, ORDEAL_OUTCOME_OK);
  }

  void disconnect() {
    if (timer_ != 0) host_.cancel_timer(timer_);
    if (watch_ != 0) host_.unwatch(watch_);
    if (fd_ >= 0) ::close(fd_);
    timer_ = watch_ = op_ = 0;
    fd_ = -1;
    connecting_ = false;
  }

 private:
  void not_opened(int error) {
    disconnect();
    engine_.opened(session_, error == ETIMEDOUT ? ORDEAL_OUTCOME_TIMEOUT : ORDEAL_OUTCOME_REFUSED,
                   error);
  }

  void connect_timeout() noexcept {
    timer_ = 0;
    not_opened(ETIMEDOUT);
  }

  /// The reactor's callback.
  void ready(std::uint32_t events) noexcept {
    if (connecting_) {
      connected();
    } else {
      if ((events & ORDEAL_IO_WRITE) != 0) send_rest();
      if (fd_ >= 0 && (events & ~std::uint32_t{ORDEAL_IO_WRITE}) != 0) receive();
    }
  }

  void connected() {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) {
      not_opened(error);
      return;
    }
    connecting_ = false;
    host_.cancel_timer(timer_);
    timer_ = 0;
    host_.rewatch(watch_, ORDEAL_IO_READ);
    const ordeal_mark mark{mark_connect, 0, host_.now_ns() - opened_ns_};
    engine_.opened(session_, ORDEAL_OUTCOME_OK, 0, &mark, 1);
  }

  void send_rest() {
    if (op_ == 0) return;
    const ssize_t n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      finish(ORDEAL_OUTCOME_REFUSED, errno);
      return;
    }
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    const bool more = sent_ < out_.size();
    host_.rewatch(watch_, more ? ORDEAL_IO_READ | ORDEAL_IO_WRITE : ORDEAL_IO_READ);
  }

  void receive() {
    char bytes[16 * 1024];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const int error = n < 0 ? errno : 0;
    if (op_ == 0) {  // idle: the server has gone, or talks out of turn
      disconnect();
      engine_.lost(session_,
                   n == 0  ? ORDEAL_OUTCOME_OK
                   : n < 0 ? ORDEAL_OUTCOME_REFUSED
                           : ORDEAL_OUTCOME_PROTOCOL,
                   error);
    } else if (n <= 0) {
      finish(ORDEAL_OUTCOME_REFUSED, n < 0 ? error : ECONNRESET);
    } else {
      in_.append(bytes, static_cast<std::size_t>(n));
      const std::size_t end = in_.find('\n');
      if (end == std::string::npos && in_.size() < longest_answer) return;
      // Bytes behind the answer were not asked for.
      finish(
          end + 1 == in_.size() ? judge({in_.data(), end}) : std::uint32_t{ORDEAL_OUTCOME_PROTOCOL},
          0);
    }
  }

  [[nodiscard]] std::uint32_t judge(std::string_view answer) const {
    if (answer == "BUSY") return ORDEAL_OUTCOME_THROTTLED;
    if (answer.starts_with("ERROR")) return ORDEAL_OUTCOME_FAIL;
    const bool good =
        kind_ == kind_set ? answer == "OK" : answer == "NONE" || answer.starts_with("VALUE ");
    return good ? ORDEAL_OUTCOME_OK : ORDEAL_OUTCOME_PROTOCOL;
  }

  /// Ends the operation; after anything but an answer the connection is of no more use.
  void finish(std::uint32_t outcome, std::int64_t code) {
    ordeal_result result{};
    result.struct_size = sizeof result;
    result.outcome = outcome;
    result.code = code;
    result.bytes_out = sent_;
    result.bytes_in = in_.size();
    result.sent_ns = sent_ > 0 ? sent_ns_ : 0;
    result.requests = sent_ > 0 ? 1 : 0;
    const bool keep = outcome != ORDEAL_OUTCOME_REFUSED && outcome != ORDEAL_OUTCOME_PROTOCOL;
    const std::uint64_t op = op_;
    op_ = 0;
    if (!keep) disconnect();
    engine_.complete(op, result);
    if (!keep) engine_.lost(session_, outcome, code);
  }

  const Config& config_;
  const ordeal::Host& host_;
  const ordeal::Engine& engine_;
  const ordeal_session_id session_;
  int fd_ = -1;
  bool connecting_ = false;
  std::uint64_t watch_ = 0;  // 0: none
  std::uint64_t timer_ = 0;
  std::uint64_t opened_ns_ = 0;
  std::uint64_t op_ = 0;  // in flight, 0: none
  std::uint32_t kind_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  std::uint64_t sent_ns_ = 0;
  std::string in_;
};

class Lines final : public ordeal::Scenario {
 public:
  explicit Lines(const ordeal::ScenarioContext& context)
      : Scenario(context), config_(context.config) {}

  ordeal::ScenarioInfo describe() override { return {{"get", "set"}, {"connect"}, 1, false}; }

  void open(ordeal_session_id session) override {
    // Session numbers come again, so a connection object stays for the next session of its number.
    std::unique_ptr<Connection>& connection = connections_[session];
    if (!connection) {
      connection = std::make_unique<Connection>(config_, host(), engine(), session);
    }
    connection->open();
  }
  void close(ordeal_session_id session, std::uint32_t how) override {
    static_cast<void>(how);  // the protocol has no farewell
    connections_.at(session)->disconnect();
  }
  void issue(const ordeal_op& op) override { connections_.at(op.session)->issue(op); }
  void cancel(std::uint64_t op_id) override {
    for (const auto& [session, connection] : connections_) {
      if (connection->op() != op_id) continue;
      connection->cancel();
      return;
    }
  }

 private:
  const Config config_;
  std::unordered_map<ordeal_session_id, std::unique_ptr<Connection>> connections_;
};

}  // namespace

ORDEAL_PLUGIN("@ID@", "0.1.0", ordeal::scenario<Lines>("@NAME@"));
