// SPDX-License-Identifier: Apache-2.0
// CPU time per HTTP request: ordeal's engine with its HTTP plugin and everything it records,
// against wrk, both on one core against nginx on another, in turns. Prints medians; judges nothing.
//
//   http_vs_wrk [--pairs N] [--seconds S] [--connections C] [--bare PROGRAM]
//
// --bare: a program that takes PORT CONNECTIONS SECONDS and prints {"requests":N,...}, measured
// too.
#include "bench/http_contest.h"

namespace {

struct Options {
  int pairs = 7;
  double seconds = 3;
  std::uint32_t connections = 64;
  std::string bare;
};

Measured run_wrk(const Options& options, const Nginx& nginx) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        run_program({"wrk", "-t1", "-c" + std::to_string(options.connections),
                     "-d" + std::to_string(static_cast<int>(options.seconds + 0.5)) + "s",
                     nginx.url() + "/"});
      },
      measured);
  // "  262144 requests in 3.00s, 62.25MB read"
  const std::size_t end = text.find(" requests in");
  const std::size_t begin = end == std::string::npos ? end : text.rfind('\n', end);
  if (begin != std::string::npos) measured.requests = number_after(text.substr(begin + 1), "");
  return measured;
}

Measured run_bare(const Options& options, const Nginx& nginx) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        run_program({options.bare, std::to_string(nginx.port()),
                     std::to_string(options.connections), std::to_string(options.seconds)});
      },
      measured);
  measured.requests = number_after(text, "\"requests\":");
  return measured;
}

Measured run_ordeal(const Options& options, const Nginx& nginx) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                          "{\"url\":\"" + nginx.url() + "\"}");
        drive(driver, options.connections, options.seconds);
      },
      measured);
  measured.requests = number_after(text, "requests:");
  return measured;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    const char* value = argv[i + 1];
    if (key == "--pairs") {
      options.pairs = std::clamp(std::atoi(value), 1, 100);
    } else if (key == "--seconds") {
      options.seconds = std::clamp(std::atof(value), 1.0, 60.0);
    } else if (key == "--connections") {
      options.connections = static_cast<std::uint32_t>(std::clamp(std::atoi(value), 1, 4000));
    } else if (key == "--bare") {
      options.bare = value;
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
    std::fprintf(stderr, "usage: %s [--pairs N] [--seconds S] [--connections C] [--bare PROGRAM]\n",
                 argv[0]);
    return 2;
  }
  try {
    const Nginx nginx("location / { return 200 'hello, world'; }", 1);
    std::vector<Series> all;
    all.push_back({"wrk", [&] { return run_wrk(options, nginx); }, {}, {}});
    all.push_back({"ordeal", [&] { return run_ordeal(options, nginx); }, {}, {}});
    if (!options.bare.empty())
      all.push_back({"bare", [&] { return run_bare(options, nginx); }, {}, {}});
    contest(all, options.pairs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_vs_wrk: %s\n", error.what());
    return 1;
  }
  return 0;
}
