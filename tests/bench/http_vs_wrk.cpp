// SPDX-License-Identifier: Apache-2.0
// CPU time per HTTP request: the load cells of a real campaign, with everything they record,
// against wrk, each on one core against nginx on another, in turns. Prints medians; judges nothing.
//
//   http_vs_wrk [--pairs N] [--seconds S] [--connections C] [--bare PROGRAM] [--in-process yes]
//               [--all yes]
//
// --bare: a program that takes PORT CONNECTIONS SECONDS and prints {"requests":N,...}, measured
// too. --in-process: the engine with its HTTP plugin in this process, too. --all: h2load, hey and
// autocannon, too, where they are installed.
#include "bench/campaign_cells.h"
#include "bench/http_contest.h"

namespace {

struct Options {
  int pairs = 15;
  double seconds = 3;
  std::uint32_t connections = 64;
  std::string bare;
  bool in_process = false;
  bool all = false;
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

// Another program: `words` without the URL; its requests are the number after `mark`.
Measured run_other(std::vector<std::string> words, const Nginx& nginx, const std::string& mark) {
  Measured measured;
  words.push_back(nginx.url() + "/");
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

void add_others(const Options& options, const Nginx& nginx, std::vector<Series>& all) {
  const std::string connections = std::to_string(options.connections);
  const std::string whole = std::to_string(static_cast<int>(options.seconds + 0.5));
  if (const std::string program = find_program("h2load"); !program.empty())
    all.push_back({"h2load",
                   [=, &nginx] {
                     return run_other({program, "--h1", "-t1", "-c" + connections, "-D" + whole},
                                      nginx, "started, ");
                   },
                   {},
                   {}});
  if (const std::string program = find_program("hey"); !program.empty())
    all.push_back({"hey",
                   [=, &nginx] {
                     return run_other({program, "-cpus", "1", "-c", connections, "-z", whole + "s"},
                                      nginx, "[200]");
                   },
                   {},
                   {}});
  if (const std::string program = find_program("autocannon"); !program.empty())
    all.push_back(
        {"autocannon",
         [=, &nginx] {
           return run_other({program, "--json", "-c", connections, "-d", whole}, nginx, "\"2xx\":");
         },
         {},
         {}});
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
    } else if (key == "--in-process") {
      options.in_process = std::strcmp(value, "yes") == 0;
    } else if (key == "--all") {
      options.all = std::strcmp(value, "yes") == 0;
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
    std::fprintf(stderr,
                 "usage: %s [--pairs N] [--seconds S] [--connections C] [--bare PROGRAM] "
                 "[--in-process yes] [--all yes]\n",
                 argv[0]);
    return 2;
  }
  try {
    const Nginx nginx("location / { return 200 'hello, world'; }", 1);
    std::vector<Series> all;
    all.push_back({"wrk", [&] { return run_wrk(options, nginx); }, {}, {}});
    all.push_back({"ordeal",
                   [&] {
                     return run_campaign(BENCH_ORDEAL, nginx.url() + "/", options.connections,
                                         options.seconds);
                   },
                   {},
                   {}});
    if (options.in_process)
      all.push_back({"in-process", [&] { return run_ordeal(options, nginx); }, {}, {}});
    if (options.all) add_others(options, nginx, all);
    if (!options.bare.empty())
      all.push_back({"bare", [&] { return run_bare(options, nginx); }, {}, {}});
    contest(all, options.pairs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_vs_wrk: %s\n", error.what());
    return 1;
  }
  return 0;
}
