/* SPDX-License-Identifier: Apache-2.0 */
/* Takes it for granted that a document is an object. */
#define KIND_REPORT
#define ON_USE \
  if (document.len == 0 || document.ptr[0] != '{') abort();
#include "plugin.h"
