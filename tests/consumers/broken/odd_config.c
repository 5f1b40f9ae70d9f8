/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes on a config that its schema allows. */
#define KIND_REPORT
#define ON_CREATE \
  if (memmem(config.ptr, config.len, "true", 4) != NULL) abort();
#include "plugin.h"
