/* SPDX-License-Identifier: Apache-2.0 */
/* Says it was built for another minor of the ABI. */
#define SAID_MINOR 7
#define KIND_REPORT
#include "plugin.h"
