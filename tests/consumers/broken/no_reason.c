/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses a bad config without saying why. */
#define KIND_REPORT
#define ON_CREATE                          \
  if (config.ptr[config.len - 1] != '}') { \
    free(self);                            \
    return ORDEAL_E_INVALID;               \
  }
#include "plugin.h"
