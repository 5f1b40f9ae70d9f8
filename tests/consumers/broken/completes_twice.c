/* SPDX-License-Identifier: Apache-2.0 */
/* Completes each operation twice. */
#define KIND_SCENARIO
#define ON_USE complete(self, id);
#include "plugin.h"
