// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign/containment.h"

namespace ordeal {

ChildCells::ChildCells(Loop& loop, std::string cell, std::string logs)
    : loop_(loop), cell_(std::move(cell)), logs_(std::move(logs)) {}

ChildCells::~ChildCells() {
  for (auto& [pid, child] : children_) {
    loop_.remove(child.watch);
    ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
    int status = 0;
    ::waitpid(pid, &status, 0);
  }
}

Result<std::unique_ptr<CellLink>> ChildCells::start(const std::string& name,
                                                    CellLink::MessageFn on_message) {
  auto ends = Channel::pair();
  if (!ends) return std::move(ends).error();
  // Before the cell can say hello: a message sent earlier would carry no pid.
  if (auto asked = ends->first.want_credentials(); !asked) return std::move(asked).error();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // dup2 of a descriptor onto itself would keep close-on-exec: take it out of the way first.
  const int source = ::fcntl(ends->second.fd(), F_DUPFD_CLOEXEC, 16);
  ::posix_spawn_file_actions_adddup2(&actions, source, cell_channel_fd);
  std::vector<std::string> words{cell_, "--name", name};
  if (!logs_.empty()) {
    words.emplace_back("--logs");
    words.push_back(logs_);
  }
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, cell_.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(source);
  if (error != 0) return errno_error(ExitCode::internal, "starting " + cell_, error);
  auto link =
      std::make_unique<CellLink>(loop_, name, std::move(ends->first), std::move(on_message));
  Child child;
  child.pid = pid;
  child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  child.watch = loop_.watch(child.pidfd.get(), POLLIN, [this, pid](short) { reap(pid); });
  child.link = link.get();
  link->set_started(0, UniqueFd(::dup(child.pidfd.get())));
  children_[pid] = std::move(child);
  return link;
}

void ChildCells::forget(CellLink& link) {
  for (auto& [pid, child] : children_)
    if (child.link == &link) child.link = nullptr;
}

void ChildCells::reap(int pid) {
  const auto found = children_.find(pid);
  int status = 0;
  if (found == children_.end() || ::waitpid(pid, &status, WNOHANG) != pid) return;
  loop_.remove(found->second.watch);
  if (found->second.link != nullptr) found->second.link->set_exited(status);
  children_.erase(found);
}

}  // namespace ordeal
