/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader for the JSON that the host hands to a plugin: its configuration and the documents of a
 * report. Not part of the ABI; a plugin may use any other parser.
 *
 * Reads as C11 and as C++20. Allocates nothing and copies nothing: an `ordeal_json` points into the
 * text, which must outlive it. The host's JSON is well-formed; in other text a function may find
 * less than there is, and never reads beyond its end. Every function may be called on [any] thread
 * and takes a value that is not there (`at` NULL), for which it answers as for a wrong type.
 * Since 0.1.
 */
#pragma once

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One value inside a text: `at` is its first byte, `end` the end of the text. */
typedef struct ordeal_json {
  const char* at;
  const char* end;
} ordeal_json;

static inline ordeal_json ordeal_json_none_(void) {
  const ordeal_json none = {NULL, NULL};
  return none;
}

static inline const char* ordeal_json_blank_(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) ++at;
  return at;
}

/* The byte after the value at `at`, or NULL when the text ends before it. */
static inline const char* ordeal_json_skip_(const char* at, const char* end) {
  int depth = 0;
  while (at < end) {
    const char c = *at++;
    if (c == '"') {
      while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
      if (at >= end) return NULL;
      ++at;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth < 0) return NULL;
    } else if (c != ',' && c != ':' && c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      while (at < end && strchr(",:]} \t\r\n", *at) == NULL) ++at;
    }
    if (depth == 0) return at;
  }
  return depth == 0 ? at : NULL;
}

/* The value that is the whole of `text`. */
static inline ordeal_json ordeal_json_of(ordeal_str text) {
  ordeal_json value = {text.ptr, text.ptr == NULL ? NULL : text.ptr + text.len};
  if (value.at == NULL) return value;
  value.at = ordeal_json_blank_(value.at, value.end);
  return value.at < value.end ? value : ordeal_json_none_();
}

/* '{' object, '[' array, '"' string, '0' number, 't' true, 'f' false, 'n' null, 0 not there. */
static inline char ordeal_json_type(ordeal_json value) {
  if (value.at == NULL || value.at >= value.end) return 0;
  const char c = *value.at;
  if (c == '-' || (c >= '0' && c <= '9')) return '0';
  return strchr("{[\"tfn", c) != NULL && c != '\0' ? c : (char)0;
}

/* Whether it is there, and not null. */
static inline int ordeal_json_given(ordeal_json value) {
  const char type = ordeal_json_type(value);
  return type != 0 && type != 'n';
}

/* After a value: the next item of its array, or the key of the next member of its object. */
static inline ordeal_json ordeal_json_next(ordeal_json item) {
  const char* at = item.at == NULL ? NULL : ordeal_json_skip_(item.at, item.end);
  if (at == NULL) return ordeal_json_none_();
  at = ordeal_json_blank_(at, item.end);
  if (at >= item.end || *at != ',') return ordeal_json_none_();
  item.at = ordeal_json_blank_(at + 1, item.end);
  return item.at < item.end ? item : ordeal_json_none_();
}

/* The first item of an array, or the first key of an object. */
static inline ordeal_json ordeal_json_first(ordeal_json list) {
  const char type = ordeal_json_type(list);
  if (type != '[' && type != '{') return ordeal_json_none_();
  list.at = ordeal_json_blank_(list.at + 1, list.end);
  return list.at < list.end && *list.at != ']' && *list.at != '}' ? list : ordeal_json_none_();
}

/* The value that belongs to a key that `first` or `next` gave. */
static inline ordeal_json ordeal_json_value(ordeal_json key) {
  const char* at = key.at == NULL ? NULL : ordeal_json_skip_(key.at, key.end);
  if (at == NULL) return ordeal_json_none_();
  at = ordeal_json_blank_(at, key.end);
  if (at >= key.end || *at != ':') return ordeal_json_none_();
  key.at = ordeal_json_blank_(at + 1, key.end);
  return key.at < key.end ? key : ordeal_json_none_();
}

static inline uint32_t ordeal_json_hex4_(const char* at) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 0;
    code = code * 16 + (uint32_t)digit;
  }
  return code;
}

/* One character of a string as UTF-8 into `out`: its bytes, 0 at the end of the string. */
static inline int ordeal_json_char_(const char** at, const char* end, char out[4]) {
  if (*at >= end || **at == '"') return 0;
  if (**at != '\\') {
    out[0] = *(*at)++;
    return 1;
  }
  if (end - *at < 2) return 0;
  const char escape = (*at)[1];
  *at += 2;
  static const char from[] = "bfnrt";
  static const char to[] = "\b\f\n\r\t";
  const char* known = escape == '\0' ? NULL : strchr(from, escape);
  if (escape != 'u' || end - *at < 4) {
    out[0] = known != NULL ? to[known - from] : escape;
    return 1;
  }
  uint32_t code = ordeal_json_hex4_(*at);
  *at += 4;
  if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
    code = 0x10000 + ((code - 0xd800) << 10) + ((ordeal_json_hex4_(*at + 2) - 0xdc00) & 0x3ff);
    *at += 6;
  }
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  const int bytes = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (int i = bytes - 1; i > 0; --i, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)((bytes == 2 ? 0xc0 : bytes == 3 ? 0xe0 : 0xf0) | code);
  return bytes;
}

/*
 * Copies a string, escapes resolved, into `buffer` of `size` bytes, ended by NUL and cut at a
 * character when it is too long. Returns the length of the whole string; 0 when it is no string.
 */
static inline uint64_t ordeal_json_text(ordeal_json value, char* buffer, uint64_t size) {
  uint64_t length = 0;
  uint64_t kept = 0;
  if (ordeal_json_type(value) == '"') {
    const char* at = value.at + 1;
    char bytes[4];
    for (int n = 0; (n = ordeal_json_char_(&at, value.end, bytes)) != 0; length += (uint64_t)n) {
      if (kept != length || length + (uint64_t)n >= size) continue;
      memcpy(buffer + length, bytes, (size_t)n);
      kept = length + (uint64_t)n;
    }
  }
  if (size != 0) buffer[kept] = '\0';
  /* Plain bytes come one by one: take back the first bytes of a character that was cut. */
  if (kept < length) {
    while (kept > 0 && ((unsigned char)buffer[kept - 1] & 0xc0) == 0x80) --kept;
    if (kept > 0 && ((unsigned char)buffer[kept - 1] & 0x80) != 0) --kept;
    if (size != 0) buffer[kept] = '\0';
  }
  return length;
}

/* Whether it is this string. */
static inline int ordeal_json_is(ordeal_json value, const char* text) {
  if (ordeal_json_type(value) != '"') return 0;
  const char* at = value.at + 1;
  char bytes[4];
  for (int n = 0; (n = ordeal_json_char_(&at, value.end, bytes)) != 0;) {
    for (int i = 0; i < n; ++i, ++text) {
      if (*text == '\0' || *text != bytes[i]) return 0; /* \u0000 is not the end of `text` */
    }
  }
  return *text == '\0';
}

/* A number; `otherwise` for anything else. */
static inline double ordeal_json_number(ordeal_json value, double otherwise) {
  if (ordeal_json_type(value) != '0') return otherwise;
  char text[64];
  size_t n = 0;
  for (const char* at = value.at; at < value.end && n + 1 < sizeof text; ++at) {
    if (strchr("+-.0123456789eE", *at) == NULL || *at == '\0') break;
    text[n++] = *at == '.' ? localeconv()->decimal_point[0] : *at;
  }
  text[n] = '\0';
  return strtod(text, NULL);
}

/* true or false as 1 or 0; `otherwise` for anything else. */
static inline int ordeal_json_bool(ordeal_json value, int otherwise) {
  const char type = ordeal_json_type(value);
  return type == 't' ? 1 : type == 'f' ? 0 : otherwise;
}

/* The value of a member of an object. */
static inline ordeal_json ordeal_json_get(ordeal_json object, const char* name) {
  if (ordeal_json_type(object) != '{') return ordeal_json_none_();
  for (ordeal_json key = ordeal_json_first(object); key.at != NULL;) {
    const ordeal_json value = ordeal_json_value(key);
    if (ordeal_json_is(key, name)) return value;
    key = ordeal_json_next(value);
  }
  return ordeal_json_none_();
}

#ifdef __cplusplus
}
#endif
