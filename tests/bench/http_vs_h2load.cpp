// SPDX-License-Identifier: Apache-2.0
// CPU time per HTTP/2 request: ordeal's engine with its HTTP plugin and everything it records,
// against h2load, both on one core against nginx on another, in turns, with the same connections
// and streams. Prints medians; judges nothing.
//
//   http_vs_h2load [--pairs N] [--seconds S] [--connections C] [--streams M]
#include "bench/http_contest.h"

namespace {

struct Options {
  int pairs = 7;
  int seconds = 3;
  std::uint32_t connections = 16;
  std::uint32_t streams = 10;
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

Measured run_ordeal(const Options& options, const std::string& url) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                          R"({"url":")" + url + R"(","protocol":"h2","streams":)" +
                              std::to_string(options.streams) + "}");
        drive(driver, options.connections, options.seconds);
      },
      measured);
  measured.requests = number_after(text, "requests:");
  return measured;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    const int value = std::atoi(argv[i + 1]);
    if (key == "--pairs") {
      options.pairs = std::clamp(value, 1, 100);
    } else if (key == "--seconds") {
      options.seconds = std::clamp(value, 1, 60);
    } else if (key == "--connections") {
      options.connections = static_cast<std::uint32_t>(std::clamp(value, 1, 1000));
    } else if (key == "--streams") {
      options.streams = static_cast<std::uint32_t>(std::clamp(value, 1, 128));
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: %s [--pairs N] [--seconds S] [--connections C] [--streams M]\n",
                 argv[0]);
    return 2;
  }
  try {
    const std::string address = "127.0.0.1:" + std::to_string(free_port());
    const Nginx nginx("listen " + address + " http2 backlog=4096;\n" +
                          "location / { return 200 'hello, world'; }",
                      1);
    const std::string url = "http://" + address;
    std::vector<Series> all;
    all.push_back({"h2load", [&] { return run_h2load(options, url); }, {}, {}});
    all.push_back({"ordeal", [&] { return run_ordeal(options, url); }, {}, {}});
    contest(all, options.pairs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_vs_h2load: %s\n", error.what());
    return 1;
  }
  return 0;
}
