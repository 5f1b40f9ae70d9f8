/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a socket without the privilege `network`, which no run would let it. */
#include <sys/socket.h>
#define KIND_REPORT
#define ON_CREATE                             \
  {                                           \
    int fd = socket(AF_INET, SOCK_STREAM, 0); \
    if (fd >= 0) close(fd);                   \
  }
#include "plugin.h"
