/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the working folder of the whole process. */
#define KIND_REPORT
#define ON_USE \
  if (chdir("/") != 0) return ORDEAL_E_IO;
#include "plugin.h"
