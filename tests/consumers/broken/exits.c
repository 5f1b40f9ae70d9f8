/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process it is a guest in. */
#define KIND_REPORT
#define ON_USE exit(0);
#include "plugin.h"
