// SPDX-License-Identifier: Apache-2.0
// line_server [PORT]: a server to try a campaign on, on 127.0.0.1, until it is killed.
#include "line_server.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  int port = argc > 1 ? std::atoi(argv[1]) : 7379;
  const int listener = line_server_listen(&port);
  if (listener < 0) {
    std::perror("line_server");
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  line_server_serve(listener);
  return 0;
}
