/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back from destroy. */
#define KIND_REPORT
#define ON_DESTROY \
  for (;;) pause();
#include "plugin.h"
