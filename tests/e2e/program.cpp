// SPDX-License-Identifier: Apache-2.0
#include "e2e/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal::testing {

double now_seconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

void sleep_seconds(double seconds) { ::usleep(static_cast<useconds_t>(seconds * 1e6)); }

Program::Program(std::vector<std::string> argv, std::map<std::string, std::string> env,
                 const std::string& folder, const std::string& name, bool new_session)
    : out_(folder + "/" + name + ".out"), err_(folder + "/" + name + ".err") {
  std::vector<std::string> words;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    if (!env.contains(entry.substr(0, entry.find('=')))) words.push_back(entry);
  }
  for (const auto& [key, value] : env) words.push_back(key + "=" + value);
  std::vector<char*> envp;
  for (auto& word : words) envp.push_back(word.data());
  envp.push_back(nullptr);
  std::vector<char*> args;
  for (auto& word : argv) args.push_back(word.data());
  args.push_back(nullptr);
  const int out = ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int err = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(null, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    if (new_session) ::setsid();
    ::execvpe(args[0], args.data(), envp.data());
    ::_exit(127);
  }
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  ::close(out);
  ::close(err);
  ::close(null);
}

Program::~Program() {
  if (!code_) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pidfd_);
}

bool Program::running() { return !wait(0); }

std::optional<int> Program::wait(double seconds) {
  if (code_) return code_;
  pollfd p{pidfd_, POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(seconds * 1000)) <= 0) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  return code_;
}

void Program::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0);
}

std::string Program::out() const { return slurp(out_); }
std::string Program::err() const { return slurp(err_); }

Finished run(std::vector<std::string> argv, std::map<std::string, std::string> env,
             const std::string& folder, double seconds) {
  Program program(std::move(argv), std::move(env), folder, "run");
  Finished finished;
  finished.code = program.wait(seconds).value_or(-1);
  finished.out = program.out();
  finished.err = program.err();
  return finished;
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<pid_t> processes_of(const std::string& run_id) {
  std::vector<pid_t> pids;
  const std::string wanted = "ORDEAL_RUN_ID=" + run_id;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ec)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string text = slurp("/proc/" + name + "/environ");
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\0', at), text.size());
      if (text.compare(at, end - at, wanted) == 0) {
        pids.push_back(std::stoi(name));
        break;
      }
      at = end + 1;
    }
  }
  return pids;
}

pid_t process_of(const std::string& run_id, const std::string& part) {
  for (const pid_t pid : processes_of(run_id))
    if (contains(slurp("/proc/" + std::to_string(pid) + "/cmdline"), part)) return pid;
  return 0;
}

}  // namespace ordeal::testing
