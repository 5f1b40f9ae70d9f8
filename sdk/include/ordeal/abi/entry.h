/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one symbol a plugin exports, and what hangs from it.
 *
 * Life: the host reads the manifest, then opens the library, then looks up `ordeal_plugin_entry`,
 * then compares magic, sizes and versions, then calls init, get_factory, and the factory. A plugin
 * is never unloaded; the process ends. init and deinit may be called in pairs more than once.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "ORDEALPL", read as a little-endian number. Since 0.1. */
#define ORDEAL_PLUGIN_MAGIC UINT64_C(0x4c504c414544524f)

/* The name of the one symbol. Since 0.1. */
#define ORDEAL_PLUGIN_ENTRY_SYMBOL "ordeal_plugin_entry"

/* Never grows: what must be readable before anything is known about the plugin. Since 0.1. */
typedef struct ordeal_plugin_entry_t {
  uint64_t magic;
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;

  /*
   * [worker] Called before any other function, with a host that lives until deinit returns. `id`
   * and `version` must return what the manifest says: the host compares them after init; the texts
   * are the plugin's and live until deinit. On an error (with set_error) the plugin is not used,
   * and deinit is not called.
   */
  int32_t (*init)(const ordeal_host* host, ordeal_str* id, ordeal_str* version) ORDEAL_NOEXCEPT;

  /*
   * [worker] Called once for each init that succeeded, after every instance is destroyed. Cannot
   * fail. Not called when the process is killed.
   */
  void (*deinit)(void) ORDEAL_NOEXCEPT;

  /*
   * [worker] Returns the factory table of an extension id: `ordeal_scenario_factory` for
   * "ordeal.scenario/1" and so on; NULL for one the plugin does not have. The comparison is exact:
   * "ordeal.scenario/1x" and "ordeal.scenario/2" are other ids. The table is the plugin's and lives
   * until deinit.
   */
  const void* (*get_factory)(ordeal_str id)ORDEAL_NOEXCEPT;
} ordeal_plugin_entry_t;

/* What a plugin defines: extern "C", default visibility, constant. Since 0.1. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const ordeal_plugin_entry_t ordeal_plugin_entry;

#ifdef __cplusplus
}
#endif
