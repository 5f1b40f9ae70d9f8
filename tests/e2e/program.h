// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::testing {

/// A child process with its output in files. Killed (by its pidfd) and reaped with this object.
class Program {
 public:
  /// `env` is added to our environment. Output goes to <folder>/<name>.out and .err.
  Program(std::vector<std::string> argv, std::map<std::string, std::string> env,
          const std::string& folder, const std::string& name, bool new_session = false);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  /// Exit code, or 1000 + signal; nullopt when it still runs after `seconds`.
  std::optional<int> wait(double seconds);
  void signal(int number) const;
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> code_;
  std::string out_;
  std::string err_;
};

/// What a finished program said.
struct Finished {
  int code = -1;  // 1000 + signal; -1: it was still running and was killed
  std::string out;
  std::string err;
};
Finished run(std::vector<std::string> argv, std::map<std::string, std::string> env,
             const std::string& folder, double seconds = 60);

std::string slurp(const std::string& path);
void spill(const std::string& path, const std::string& text);
bool contains(const std::string& text, const std::string& part);

/// Polls until `done` or `seconds` have passed.
template <typename Done>
bool eventually(Done done, double seconds);

double now_seconds();
void sleep_seconds(double seconds);

template <typename Done>
bool eventually(Done done, double seconds) {
  for (const double end = now_seconds() + seconds;;) {
    if (done()) return true;
    if (now_seconds() > end) return false;
    sleep_seconds(0.02);
  }
}

/// Pids of processes whose environment carries ORDEAL_RUN_ID=`run_id`.
std::vector<pid_t> processes_of(const std::string& run_id);
/// The first of them whose command line contains `part`; 0 when there is none.
pid_t process_of(const std::string& run_id, const std::string& part);

}  // namespace ordeal::testing
