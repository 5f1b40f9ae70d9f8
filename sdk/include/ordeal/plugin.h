/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin in C would otherwise write again each time: texts, and the exported entry. Not part
 * of the ABI. In C++ use plugin.hpp instead. Since 0.1.
 */
#pragma once

#include <string.h>

#include "abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* [any] A C string as ordeal_str; points at the same bytes. */
static inline ordeal_str ordeal_text(const char* text) {
  const ordeal_str str = {text, strlen(text)};
  return str;
}

/* [any] Whether a text is this C string. */
static inline int ordeal_is(ordeal_str text, const char* other) {
  return text.len == strlen(other) && (text.len == 0 || memcmp(text.ptr, other, text.len) == 0);
}

/*
 * [worker] Says why the call in progress fails, and returns `status` for it to return:
 *   return ordeal_fail(host, ORDEAL_E_INVALID, "the document is empty");
 */
static inline int32_t ordeal_fail(const ordeal_host* host, int32_t status, const char* why) {
  if (host != NULL && host->set_error != NULL) host->set_error(host, ordeal_text(why));
  return status;
}

/*
 * [any] Fills a struct the host passed in (`to`, which begins with struct_size; 0 counts as all of
 * it) from one of `size` bytes, no further than the host's goes.
 */
static inline void ordeal_fill(void* to, const void* from, uint32_t size) {
  uint32_t known = 0;
  memcpy(&known, to, sizeof known);
  if (known == 0 || known > size) known = size;
  memcpy(to, from, known);
  memcpy(to, &known, sizeof known);
}

/*
 * [any] Copies what both sides know of a struct of the host's (`from`, which begins with
 * struct_size; may be NULL) into one of `size` bytes; the rest is zero.
 */
static inline void ordeal_read(void* to, const void* from, uint32_t size) {
  uint32_t known = 0;
  memset(to, 0, size);
  if (from == NULL) return;
  memcpy(&known, from, sizeof known);
  if (known > size) known = size;
  memcpy(to, from, known);
  memcpy(to, &known, sizeof known);
}

#ifdef __cplusplus
}
#endif

/*
 * Defines `ordeal_plugin_entry`, in exactly one source file of the plugin. `plugin_id` and
 * `plugin_version` are string literals, those of the manifest. FACTORIES is a function
 * `const void* f(ordeal_str extension)` that returns the table of an extension id or NULL.
 * Followed by a semicolon.
 */
#define ORDEAL_C_PLUGIN(plugin_id, plugin_version, FACTORIES)                                    \
  static int32_t ordeal_plugin_init_(const ordeal_host* host, ordeal_str* id,                    \
                                     ordeal_str* version) {                                      \
    if (host == NULL || id == NULL || version == NULL) return ORDEAL_E_INVALID;                  \
    *id = ordeal_text(plugin_id);                                                                \
    *version = ordeal_text(plugin_version);                                                      \
    return ORDEAL_OK;                                                                            \
  }                                                                                              \
  static void ordeal_plugin_deinit_(void) {}                                                     \
  const ordeal_plugin_entry_t ordeal_plugin_entry = {                                            \
      ORDEAL_PLUGIN_MAGIC, sizeof(ordeal_plugin_entry_t), ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR, 0, \
      ordeal_plugin_init_, ordeal_plugin_deinit_,         FACTORIES}
