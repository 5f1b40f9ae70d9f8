/* SPDX-License-Identifier: Apache-2.0 */
/* Takes it for granted that there is a log. */
#define KIND_REPORT
#define ON_USE                                                       \
  const ordeal_host_log* log = service(self->host, ORDEAL_HOST_LOG); \
  log->write(self->host, ORDEAL_LOG_INFO, text("rendering"));
#include "plugin.h"
