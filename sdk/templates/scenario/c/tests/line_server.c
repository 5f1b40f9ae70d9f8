/* SPDX-License-Identifier: Apache-2.0 */
/* line_server [PORT]: a server to try a campaign on, on 127.0.0.1, until it is killed. */
#include "line_server.h"

#include <stdlib.h>

int main(int argc, char** argv) {
  int port = argc > 1 ? atoi(argv[1]) : 7379;
  const int listener = line_server_listen(&port);
  if (listener < 0) {
    perror("line_server");
    return 1;
  }
  printf("listening on 127.0.0.1:%d\n", port);
  fflush(stdout);
  line_server_serve(listener);
  return 0;
}
