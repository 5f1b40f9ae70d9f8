/* SPDX-License-Identifier: Apache-2.0 */
/* Calls itself otherwise than its manifest does. */
#define SAID_ID "org.example.another"
#define KIND_REPORT
#include "plugin.h"
