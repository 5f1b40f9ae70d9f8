/* SPDX-License-Identifier: Apache-2.0 */
/* Its manifest has a misspelt key. */
#define KIND_REPORT
#include "plugin.h"
