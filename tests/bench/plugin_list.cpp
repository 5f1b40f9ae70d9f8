// SPDX-License-Identifier: Apache-2.0
// How long `ordeal plugin list` takes with many manifests, from start to exit.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

double run_once(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  int status = 0;
  const bool good = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0 &&
                    waitpid(child, &status, 0) == child && status == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!good) {
    std::fprintf(stderr, "plugin_list: %s failed\n", argv[0]);
    std::exit(1);
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

/// plugin_list ORDEAL MANIFEST [COUNT [RUNS]]: COUNT copies of the manifest, RUNS times the list of
/// them and of an empty folder by turns.
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int count = argc > 3 ? std::atoi(argv[3]) : 500;
  const int runs = argc > 4 ? std::atoi(argv[4]) : 21;
  std::stringstream text;
  text << std::ifstream(argv[2]).rdbuf();
  const std::string id = fs::path(argv[2]).stem().string();
  std::string folder = (fs::temp_directory_path() / "ordeal-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  umask(022);
  fs::create_directory(folder + "/none");
  fs::create_directory(folder + "/many");
  for (int i = 0; i < count; ++i) {
    const std::string name = "org.example.p" + std::to_string(i);
    std::ofstream(folder + "/many/" + name + ".json") << replaced(text.str(), id, name);
    std::ofstream(folder + "/many/" + name + ".so") << "not opened";
  }
  std::vector<double> with;
  std::vector<double> without;
  for (int i = 0; i < runs; ++i) {
    with.push_back(run_once({argv[1], "plugin", "list", "--plugin-dir", folder + "/many"}));
    without.push_back(run_once({argv[1], "plugin", "list", "--plugin-dir", folder + "/none"}));
  }
  fs::remove_all(folder);
  const auto median = [](std::vector<double>& times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  };
  std::printf("plugin list: median of %d: %.1f ms with %d manifests more, %.1f ms without\n", runs,
              median(with), count, median(without));
  return 0;
}
