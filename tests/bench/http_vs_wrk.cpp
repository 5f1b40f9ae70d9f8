// SPDX-License-Identifier: Apache-2.0
// CPU time per HTTP request: the load cells of a real campaign, with everything they record,
// against wrk, each on one core against nginx on another, in turns. Prints medians; judges nothing.
//
//   http_vs_wrk [--pairs N] [--seconds S] [--connections C] [--tls] [--in-process] [--all]
//               [--bare PROGRAM]
//
// --tls: over TLS 1.3. --in-process: the engine with its HTTP plugin in this process, too. --all:
// h2load, hey and autocannon, too, where they are installed. --bare: a program that takes PORT
// CONNECTIONS SECONDS and prints {"requests":N,...}, measured too; may be given several times.
#include "bench/campaign_cells.h"
#include "bench/contest_server.h"
#include "bench/http_contest.h"
#include "bench/options.h"

namespace {

struct Options {
  int pairs = 15;
  double seconds = 3;
  std::uint32_t connections = 64;
  std::vector<std::string> bare;
  bool tls = false;
  bool in_process = false;
  bool all = false;
};

Measured run_wrk(const Options& options, const ContestServer& server) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        run_program({"wrk", "-t1", "-c" + std::to_string(options.connections),
                     "-d" + std::to_string(static_cast<int>(options.seconds + 0.5)) + "s",
                     server.url() + "/"});
      },
      measured);
  // "  262144 requests in 3.00s, 62.25MB read"
  const std::size_t end = text.find(" requests in");
  const std::size_t begin = end == std::string::npos ? end : text.rfind('\n', end);
  if (begin != std::string::npos) measured.requests = number_after(text.substr(begin + 1), "");
  return measured;
}

Measured run_bare(const std::string& program, const Options& options, const ContestServer& server) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        run_program({program, std::to_string(server.port()), std::to_string(options.connections),
                     std::to_string(options.seconds)});
      },
      measured);
  measured.requests = number_after(text, "\"requests\":");
  return measured;
}

// Another program: `words` without the URL; its requests are the number after `mark`.
Measured run_other(std::vector<std::string> words, const ContestServer& server,
                   const std::string& mark) {
  Measured measured;
  words.push_back(server.url() + "/");
  const std::string text = in_child([&] { run_program(words); }, measured);
  measured.requests = number_after(text, mark);
  return measured;
}

// Where it is, or "".
std::string find_program(const std::string& name) {
  const std::string npm = ORDEAL_NPM_PROGRAMS "/" + name;
  if (::access(npm.c_str(), X_OK) == 0) return npm;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string file = folder + "/" + name; ::access(file.c_str(), X_OK) == 0)
      return file;
  std::printf("%s: not installed\n", name.c_str());
  return "";
}

void add_others(const Options& options, const ContestServer& server, std::vector<Series>& all) {
  const std::string connections = std::to_string(options.connections);
  const std::string whole = std::to_string(static_cast<int>(options.seconds + 0.5));
  if (const std::string program = find_program("h2load"); !program.empty())
    all.push_back({"h2load",
                   [=, &server] {
                     return run_other({program, "--h1", "-t1", "-c" + connections, "-D" + whole},
                                      server, "started, ");
                   },
                   {},
                   {}});
  if (const std::string program = find_program("hey"); !program.empty())
    all.push_back({"hey",
                   [=, &server] {
                     return run_other({program, "-cpus", "1", "-c", connections, "-z", whole + "s"},
                                      server, "[200]");
                   },
                   {},
                   {}});
  if (const std::string program = find_program("autocannon"); !program.empty())
    all.push_back({"autocannon",
                   [=, &server] {
                     return run_other({program, "--json", "-c", connections, "-d", whole}, server,
                                      "\"2xx\":");
                   },
                   {},
                   {}});
}

Measured run_ordeal(const Options& options, const ContestServer& server) {
  Measured measured;
  const std::string text = in_child(
      [&] {
        HttpDriver driver(ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so",
                          R"({"url":")" + server.url() + "\"" + server.more_config() + "}");
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
  known.number("--connections", options.connections, 1, 4000);
  known.flag("--tls", options.tls);
  known.flag("--in-process", options.in_process);
  known.flag("--all", options.all);
  known.texts("--bare", options.bare);
  if (!known.parse(argc, argv)) return 2;
  if (options.tls && !options.bare.empty()) {
    std::fprintf(stderr, "--bare: speaks no TLS\n");
    return 2;
  }
  try {
    const ContestServer server(options.tls, "");
    std::vector<Series> all;
    all.push_back({"wrk", [&] { return run_wrk(options, server); }, {}, {}});
    all.push_back({"ordeal",
                   [&] {
                     return run_campaign(BENCH_ORDEAL, server.url() + "/", server.tls_config(),
                                         options.connections, options.seconds);
                   },
                   {},
                   {}});
    if (options.in_process)
      all.push_back({"in-process", [&] { return run_ordeal(options, server); }, {}, {}});
    if (options.all) add_others(options, server, all);
    for (const std::string& program : options.bare)
      all.push_back({program.c_str() + program.rfind('/') + 1,
                     [&] { return run_bare(program, options, server); },
                     {},
                     {}});
    contest(all, options.pairs);
    server.print_spoken();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_vs_wrk: %s\n", error.what());
    return 1;
  }
  return 0;
}
