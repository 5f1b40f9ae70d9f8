/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the config for a C string. */
#define KIND_REPORT
#define IS_CONFIG(config) (strlen(config.ptr) >= 2 && config.ptr[0] == '{')
#include "plugin.h"
