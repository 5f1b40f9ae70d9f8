// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace http {

// Codes of an operation that neither a status code nor an errno explains. The manifest gives each
// its meaning, which reports print.

// A header is missing or lacks the text expected.
inline constexpr std::int64_t code_header = 901;

// The body's size is not the one expected.
inline constexpr std::int64_t code_size = 902;

// The body lacks the text expected.
inline constexpr std::int64_t code_text = 903;

// The body is not JSON.
inline constexpr std::int64_t code_not_json = 904;

// A value in the JSON body is missing or not the one expected.
inline constexpr std::int64_t code_json = 905;

// The body is longer than max_body, so it could not be checked.
inline constexpr std::int64_t code_too_long = 906;

// The feeder's record lacks a field; nothing was sent.
inline constexpr std::int64_t code_no_field = 911;

// A field holds what cannot stand in a header; nothing was sent.
inline constexpr std::int64_t code_unsendable = 912;

// The answer is not an event stream.
inline constexpr std::int64_t code_not_stream = 921;

// The stream ended with fewer events than asked for, or none.
inline constexpr std::int64_t code_few_events = 922;

// An event is longer than max_body.
inline constexpr std::int64_t code_endless_event = 923;

}  // namespace http
