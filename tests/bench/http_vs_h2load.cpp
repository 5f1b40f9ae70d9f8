// SPDX-License-Identifier: Apache-2.0
// CPU time per HTTP/2 request: ordeal's engine with its HTTP plugin and everything it records,
// against h2load, both on one core against nginx on another, in turns, with the same connections
// and streams, plain or over TLS 1.3. Prints medians; judges nothing.
//
//   http_vs_h2load [--pairs N] [--seconds S] [--connections C] [--streams M] [--tls]
#include "bench/contest_server.h"
#include "bench/http_contest.h"
#include "bench/options.h"

namespace {

struct Options {
  int pairs = 7;
  int seconds = 3;
  std::uint32_t connections = 16;
  std::uint32_t streams = 10;
  bool tls = false;
};

Measured run_h2load(const Options& options, const std::string& url) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        run_program({"h2load", "-t1", "-c" + std::to_string(options.connections),
                     "-m" + std::to_string(options.streams), "-D" + std::to_string(options.seconds),
                     url + "/"});
      },
      measured);
  // "requests: 123 total, 123 started, 123 done, 123 succeeded, 0 failed, ..."
  const std::size_t end = text.find(" done, ");
  const std::size_t begin = end == std::string::npos ? end : text.rfind(' ', end - 1);
  if (begin != std::string::npos) measured.requests = number_after(text.substr(begin), " ");
  if (text.find(" 0 failed") == std::string::npos) throw std::runtime_error("h2load: " + text);
  return measured;
}

Measured run_ordeal(const Options& options, const ContestServer& server) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                          R"({"url":")" + server.url() + R"(","protocol":"h2","streams":)" +
                              std::to_string(options.streams) + server.more_config() + "}");
        drive(driver, options.connections, options.seconds);
      },
      measured);
  measured.requests = number_after(text, "requests:");
  return measured;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  BenchOptions known;
  known.number("--pairs", options.pairs, 1, 100);
  known.number("--seconds", options.seconds, 1, 60);
  known.number("--connections", options.connections, 1, 1000);
  known.number("--streams", options.streams, 1, 128);
  known.flag("--tls", options.tls);
  if (!known.parse(argc, argv)) return 2;
  try {
    const ContestServer server(options.tls, "http2");
    std::vector<Series> all;
    all.push_back({"h2load", [&] { return run_h2load(options, server.url()); }, {}, {}});
    all.push_back({"ordeal", [&] { return run_ordeal(options, server); }, {}, {}});
    contest(all, options.pairs);
    server.print_spoken();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_vs_h2load: %s\n", error.what());
    return 1;
  }
  return 0;
}
