/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells JSON from other text. A host hands over nothing but good JSON; a plugin that is careful
 * looks all the same, and refuses with ORDEAL_E_INVALID. Not part of the ABI. [any] thread.
 * Since 0.1.
 */
#pragma once

#include "json.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline const char* ordeal_json_digits_(const char* at, const char* end) {
  const char* first = at;
  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at == first ? NULL : at;
}

static inline const char* ordeal_json_check_number_(const char* at, const char* end) {
  if (*at == '-') ++at;
  const int zero = at < end && *at == '0';
  const char* digits = ordeal_json_digits_(at, end);
  if (digits == NULL || (zero && digits != at + 1)) return NULL;
  at = digits;
  if (at < end && *at == '.') at = ordeal_json_digits_(at + 1, end);
  if (at == NULL || at == end || (*at != 'e' && *at != 'E')) return at;
  ++at;
  if (at < end && (*at == '+' || *at == '-')) ++at;
  return ordeal_json_digits_(at, end);
}

/* The bytes of the UTF-8 character at `at`, 0 when it is none. */
static inline int ordeal_json_utf8_(const char* at, const char* end) {
  const unsigned char first = (unsigned char)*at;
  const int bytes = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first > 0xf4 || end - at < bytes) return 0;
  for (int i = 1; i < bytes; ++i) {
    if (((unsigned char)at[i] & 0xc0) != 0x80) return 0;
  }
  /* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
  const unsigned char second = bytes > 1 ? (unsigned char)at[1] : 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return bytes;
}

static inline const char* ordeal_json_check_string_(const char* at, const char* end) {
  ++at;
  while (at < end && *at != '"') {
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') {
      const int bytes = ordeal_json_utf8_(at, end);
      if (bytes == 0) return NULL;
      at += bytes;
      continue;
    }
    if (++at == end || *at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL) return NULL;
    if (*at++ != 'u') continue;
    for (int i = 0; i < 4; ++i, ++at) {
      if (at >= end || *at == '\0' || strchr("0123456789abcdefABCDEF", *at) == NULL) return NULL;
    }
  }
  return at < end ? at + 1 : NULL;
}

/* The byte after the well-formed value at `at`, or NULL. */
static inline const char* ordeal_json_check_(const char* at, const char* end, int depth) {
  const ordeal_json value = {at, end};
  const char type = ordeal_json_type(value);
  if (type == '"') return ordeal_json_check_string_(at, end);
  if (type == '0') return ordeal_json_check_number_(at, end);
  if (type != '{' && type != '[') {
    const char* word = type == 't' ? "true" : type == 'f' ? "false" : "null";
    const size_t size = strlen(word);
    return type != 0 && (size_t)(end - at) >= size && memcmp(at, word, size) == 0 ? at + size
                                                                                  : NULL;
  }
  const char last = type == '{' ? '}' : ']';
  if (depth == 0) return NULL;
  at = ordeal_json_blank_(at + 1, end);
  if (at < end && *at == last) return at + 1;
  for (;; at = ordeal_json_blank_(at + 1, end)) {
    if (type == '{') {
      if (at >= end || *at != '"' || (at = ordeal_json_check_string_(at, end)) == NULL) return NULL;
      at = ordeal_json_blank_(at, end);
      if (at >= end || *at != ':') return NULL;
      at = ordeal_json_blank_(at + 1, end);
    }
    at = ordeal_json_check_(at, end, depth - 1);
    if (at == NULL) return NULL;
    at = ordeal_json_blank_(at, end);
    if (at >= end || (*at != ',' && *at != last)) return NULL;
    if (*at == last) return at + 1;
  }
}

/* Whether a text is one well-formed JSON value (RFC 8259) in UTF-8, at most 64 deep. [any] */
static inline int ordeal_json_valid(ordeal_str text) {
  const ordeal_json value = ordeal_json_of(text);
  if (value.at == NULL) return 0;
  const char* at = ordeal_json_check_(value.at, value.end, 64);
  return at != NULL && ordeal_json_blank_(at, value.end) == value.end;
}

#ifdef __cplusplus
}
#endif
