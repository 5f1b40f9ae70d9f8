/* SPDX-License-Identifier: Apache-2.0 */
/* Does not look whether there was memory. */
#define UNCHECKED_MEMORY
#define KIND_REPORT
#include "plugin.h"
