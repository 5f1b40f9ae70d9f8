// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/unique_fd.h"
#include "campaign/campaign.h"
#include "cli/commands.h"
#include "cli/front.h"

namespace ordeal {

namespace {

/// The night's ten hours in about 75 s.
constexpr double demo_time_scale = 0.0021;
/// Operations per connection and minute of the eight phases, times 60: in a night this short there
/// would be too few of them to say anything.
constexpr std::array demo_operations{600, 1500, 2400, 3000, 4500, 6000, 9000, 12000};

/// The bundled server, ended with this object.
class DemoTarget {
 public:
  ~DemoTarget() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 20; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
      ::poll(nullptr, 0, 50);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  Result<std::string> start(const std::string& flaw, const std::string& pid_file) {
    std::vector<std::string> words{install_paths().bin + "/ordeal-demo-target",
                                   "--port",
                                   "0",
                                   "--flaw",
                                   flaw,
                                   "--pid-file",
                                   pid_file,
                                   "--service-time",
                                   "4ms",
                                   "--max-lifetime",
                                   "15m"};
    // Four at a time at 4 ms each: the knee lies at 1,000 a second, inside the campaign's range.
    if (flaw == "knee") words.insert(words.end(), {"--concurrency", "4"});
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0)
      return errno_error(ExitCode::internal, "making a pipe", errno);
    const UniqueFd reader(fds[0]);
    UniqueFd writer(fds[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int error =
        ::posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return errno_error(ExitCode::internal, "starting " + words[0], error);
    writer.reset();
    std::string line;
    pollfd p{reader.get(), POLLIN, 0};
    while (line.find('\n') == std::string::npos && ::poll(&p, 1, 5000) > 0) {
      char c = 0;
      if (::read(reader.get(), &c, 1) != 1) break;
      line += c;
    }
    const auto at = line.find("http://");
    if (at == std::string::npos) {
      Error failure;
      failure.what = "the demo server did not say where it listens";
      return failure;
    }
    return line.substr(at, line.find_first_of(" \n", at) - at);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

}  // namespace

int demo_command(const Options& options) {
  std::string folder = "/tmp/ordeal-demo-XXXXXX";
  if (const char* tmp = std::getenv("TMPDIR")) folder = std::string(tmp) + "/ordeal-demo-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "ordeal: cannot make a folder %s\n", folder.c_str());
    return static_cast<int>(ExitCode::preflight);
  }
  const std::string pid_file = folder + "/target.pid";
  int code = 0;
  {
    DemoTarget target;
    auto url = target.start(options.flaw, pid_file);
    if (!url) {
      std::fprintf(stderr, "ordeal: %s\n", url.error().line().c_str());
      code = static_cast<int>(url.error().code);
    } else {
      std::fprintf(stderr, "demo server at %s, flaw: %s\n", url->c_str(), options.flaw.c_str());
      RunRequest request;
      request.ask = false;
      request.bystander = target.pid();
      request.campaign = resolve_campaign_path("overnight");
      request.options = options;
      request.options.campaign = "overnight";
      request.options.time_scale = demo_time_scale;
      request.options.sets = {"campaign=demo", "target.http=" + *url, "target.pid_file=" + pid_file,
                              // The machine may be busy with whatever just built this program.
                              "baseline.required_health=0"};
      for (std::size_t i = 0; i < demo_operations.size(); ++i)
        request.options.sets.push_back("phases." + std::to_string(i) +
                                       ".operations=" + std::to_string(demo_operations[i]));
      for (const auto& set : options.sets) request.options.sets.push_back(set);
      code = run_campaign(request);
    }
  }
  ::unlink(pid_file.c_str());
  ::rmdir(folder.c_str());
  // It is there to be looked at: any verdict is a success, an end before the verdict is not.
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::go:
    case ExitCode::no_go:
    case ExitCode::measurement_invalid:
    case ExitCode::inconclusive:
      return 0;
    default:
      return code;
  }
}

}  // namespace ordeal
