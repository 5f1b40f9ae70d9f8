// SPDX-License-Identifier: Apache-2.0
// scenario_test PLUGIN: drives the built plugin over the SDK's fake host and engine, against
// line_server.h in a child process. Exit 0 when it behaves.
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <exception>
#include <string>

#include <ordeal/testing/fake_engine.hpp>
#include <ordeal/testing/instance.hpp>
#include <ordeal/testing/plugin_file.hpp>

#include "line_server.h"

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                                    \
    }                                                              \
  } while (false)

namespace kit = ordeal::testing;

namespace {

/// The server, as a child process.
class Server {
 public:
  Server() {
    const int listener = line_server_listen(&port_);
    child_ = ::fork();
    if (child_ == 0) line_server_serve(listener);
    ::close(listener);
  }
  ~Server() { stop(); }
  void stop() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  [[nodiscard]] std::string config() const {
    return R"({"address":"127.0.0.1","port":)" + std::to_string(port_) +
           R"(,"keys":10,"value_bytes":100000,"connect_timeout_ms":2000})";
  }

 private:
  int port_ = 0;
  pid_t child_ = -1;
};

int run(const char* file) {
  const kit::PluginFile plugin(file);
  CHECK(plugin.id() == "@ID@");
  const auto* factory = plugin.factory<ordeal_scenario_factory>(ORDEAL_SCENARIO);

  kit::FakeHost host;
  kit::FakeEngine engine;
  Server server;
  {
    kit::Instance lines(factory, host, engine, "@NAME@", server.config());
    CHECK(lines->open(lines.get(), 0) == ORDEAL_OK);
    CHECK(host.run_until([&] { return !engine.opened_events().empty(); }));
    CHECK(engine.opened_events()[0].outcome == ORDEAL_OUTCOME_OK);

    for (std::uint32_t kind : {0U, 1U, 0U}) {
      const ordeal_op* op = engine.op(0, kind);
      lines->issue(lines.get(), op);
      CHECK(host.run_until([&] { return engine.completed(op->id); }));
      CHECK(engine.completions().at(op->id).result.outcome == ORDEAL_OUTCOME_OK);
    }

    // A request that is given up costs its connection, and is not completed any more.
    const ordeal_op* op = engine.op(0);
    lines->issue(lines.get(), op);
    engine.cancelled(op->id);
    lines->cancel(lines.get(), op->id);
    CHECK(engine.lost_events().size() == 1);

    server.stop();
    CHECK(lines->open(lines.get(), 0) == ORDEAL_OK);
    CHECK(host.run_until([&] { return engine.opened_events().size() == 2; }));
    CHECK(engine.opened_events()[1].outcome == ORDEAL_OUTCOME_REFUSED);
    CHECK(engine.misbehaviour() == 0);
    CHECK(host.reactor().watches() == 0 && host.reactor().timers() == 0);
  }
  try {
    const kit::Instance lines(factory, host, engine, "@NAME@", R"({"address":"nowhere","port":1})");
    CHECK(false);
  } catch (const std::exception& refused) {
    CHECK(std::string(refused.what()).find("'nowhere' is not an IP address") != std::string::npos);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CHECK(argc == 2);
  return run(argv[1]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
