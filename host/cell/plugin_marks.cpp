// SPDX-License-Identifier: Apache-2.0
#include "cell/plugin_marks.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace ordeal {

namespace {

void (*handler_of(int number))(int) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 ? action.sa_handler : SIG_DFL;
}

}  // namespace

PluginMarks::PluginMarks() {
  for (int number = 1; number < 65; ++number)
    handlers_[static_cast<std::size_t>(number)] = handler_of(number);
}

std::optional<std::string> PluginMarks::new_handlers() {
  std::string names;
  for (int number = 1; number < 65; ++number) {
    auto& known = handlers_[static_cast<std::size_t>(number)];
    const auto now = handler_of(number);
    if (now == known) continue;
    known = now;
    const char* name = ::sigabbrev_np(number);
    names += (names.empty() ? "" : ", ") +
             (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number));
  }
  if (names.empty()) return std::nullopt;
  return names;
}

std::optional<std::string> PluginMarks::descriptors() {
  constexpr int reserve = 8;
  if (descriptors_told_) return std::nullopt;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int lowest = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  if (lowest < 0 && errno != EMFILE) return std::nullopt;
  if (lowest >= 0) ::close(lowest);
  const rlim_t open = lowest < 0 ? limit.rlim_cur : static_cast<rlim_t>(lowest);
  if (open + reserve < limit.rlim_cur) return std::nullopt;
  descriptors_told_ = true;
  return std::to_string(open) + " of " + std::to_string(limit.rlim_cur) + " descriptors are open";
}

}  // namespace ordeal
