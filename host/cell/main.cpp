// SPDX-License-Identifier: Apache-2.0
// ordeal-cell: the only program of ordeal that maps plugins. Started by the init of a containment
// (or by the front, for reports), with its channel on descriptor 3; not meant to be run by hand.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "base/log.h"
#include "base/protocol/guard.h"
#include "cell/cell.h"
#include "cell/check/cases.h"

namespace {

bool is_channel(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/// Takes a descriptor inherited over exec, so that nothing started from here inherits it in turn.
ordeal::Channel take_channel(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return ordeal::Channel(ordeal::UniqueFd(fd));
}

}  // namespace

int main(int argc, char** argv) {
  // `ordeal plugin check` starts this program once per case.
  if (argc == 2 && std::strcmp(argv[1], "check") == 0) return ordeal::check::run_check();
  if (argc == 2 && std::strcmp(argv[1], "check-list") == 0) return ordeal::check::list_checks();
  std::string name = "cell";
  std::string logs;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--name") == 0) name = argv[i + 1];
    if (std::strcmp(argv[i], "--logs") == 0) logs = argv[i + 1];
  }
  if (!is_channel(ordeal::cell_channel_fd)) {
    std::fprintf(stderr,
                 "ordeal-cell: descriptor 3 is not a channel; ordeal starts this program\n");
    return static_cast<int>(ordeal::ExitCode::usage);
  }
  ordeal::Channel channel = take_channel(ordeal::cell_channel_fd);
  // Absent in cells that the front starts; looked for before anything here opens a descriptor.
  ordeal::Channel init;
  if (is_channel(ordeal::cell_init_fd)) init = take_channel(ordeal::cell_init_fd);
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_NAME, name.substr(0, 15).c_str());
  if (!logs.empty()) {
    if (auto opened = ordeal::open_log(logs, "cell-" + name); !opened)
      std::fprintf(stderr, "ordeal-cell: %s\n", opened.error().line().c_str());
  }
  auto reactor = ordeal::Reactor::make();
  if (!reactor) {
    std::fprintf(stderr, "ordeal-cell: %s\n", reactor.error().line().c_str());
    return static_cast<int>(ordeal::ExitCode::internal);
  }
  const ordeal::SystemClock clock;
  int code = 0;
  {
    ordeal::Cell cell(std::move(channel), std::move(init), **reactor, clock);
    code = cell.run();
  }
  ordeal::close_log();
  return code;
}
