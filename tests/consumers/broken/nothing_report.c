/* SPDX-License-Identifier: Apache-2.0 */
/* No defect. */
#define KIND_REPORT
#include "plugin.h"
