/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server that @NAME@ speaks to, as small as it can be: for the unit test, and to try a campaign
 * on. "SET key value" is answered "OK", "GET key" "VALUE hello", "COUNT" with the number of
 * requests answered so far, anything else "ERROR". Reads as C and as C++.
 */
#ifndef LINE_SERVER_H
#define LINE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { line_server_connections = 256, line_server_buffer = 128 * 1024 };

/* A listening socket on 127.0.0.1; *port 0 takes any free port and says which. -1: errno. */
static inline int line_server_listen(int* port) {
  struct sockaddr_in at;
  socklen_t size = sizeof at;
  const int on = 1;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons((unsigned short)*port);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr*)&at, size) != 0 || listen(fd, 128) != 0 ||
      getsockname(fd, (struct sockaddr*)&at, &size) != 0) {
    close(fd);
    return -1;
  }
  *port = ntohs(at.sin_port);
  return fd;
}

/* Answers one line without its newline. */
static inline void line_server_answer(int fd, const char* line, unsigned long* count) {
  char answer[64] = "ERROR no such command\n";
  if (strncmp(line, "GET ", 4) == 0) {
    snprintf(answer, sizeof answer, "VALUE hello\n");
    ++*count;
  } else if (strncmp(line, "SET ", 4) == 0) {
    snprintf(answer, sizeof answer, "OK\n");
    ++*count;
  } else if (strcmp(line, "COUNT") == 0) {
    snprintf(answer, sizeof answer, "VALUE %lu\n", *count);
  }
  if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0) perror("line_server");
}

/* Serves for ever. */
static inline void line_server_serve(int listener) {
  static struct pollfd fds[line_server_connections + 1];
  static char text[line_server_connections + 1][line_server_buffer];
  static size_t used[line_server_connections + 1];
  unsigned long count = 0;
  int n = 1;
  fds[0].fd = listener;
  fds[0].events = POLLIN;
  for (;;) {
    if (poll(fds, (nfds_t)n, -1) < 0) continue;
    for (int i = n - 1; i > 0; --i) {
      if (fds[i].revents == 0) continue;
      const ssize_t got =
          recv(fds[i].fd, text[i] + used[i], (size_t)line_server_buffer - 1 - used[i], 0);
      if (got <= 0) {
        close(fds[i].fd);
        --n;
        fds[i] = fds[n];
        used[i] = used[n];
        memcpy(text[i], text[n], used[n]);
        continue;
      }
      used[i] += (size_t)got;
      text[i][used[i]] = '\0';
      for (char* end = NULL; (end = strchr(text[i], '\n')) != NULL;) {
        *end = '\0';
        line_server_answer(fds[i].fd, text[i], &count);
        used[i] -= (size_t)(end + 1 - text[i]);
        memmove(text[i], end + 1, used[i] + 1);
      }
    }
    if (fds[0].revents != 0 && n <= line_server_connections) {
      fds[n].fd = accept(listener, NULL, NULL);
      fds[n].events = POLLIN;
      fds[n].revents = 0;
      used[n] = 0;
      if (fds[n].fd >= 0) ++n;
    }
  }
}

#endif
