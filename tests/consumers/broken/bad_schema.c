/* SPDX-License-Identifier: Apache-2.0 */
/* Its config_schema holds a pattern that does not compile. */
#define KIND_REPORT
#include "plugin.h"
