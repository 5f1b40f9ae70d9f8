/* SPDX-License-Identifier: Apache-2.0 */
/* An example in its config_schema is not of the type it stands in. */
#define KIND_REPORT
#include "plugin.h"
