/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a function that no library has. */
int nobody_has_this(void);
#define KIND_REPORT
#define ON_USE nobody_has_this();
#include "plugin.h"
