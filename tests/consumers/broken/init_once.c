/* SPDX-License-Identifier: Apache-2.0 */
/* Takes init once only. */
static int started;
#define ON_INIT \
  if (started++ != 0) return refuse(host, ORDEAL_E_STATE, "init has been called already");
#define KIND_REPORT
#include "plugin.h"
