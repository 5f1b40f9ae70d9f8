// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace http {

/// Codes of an operation that neither a status code nor an errno explains. The manifest gives each
/// its meaning, which reports print.
enum Code : std::int64_t {
  code_header = 901,        // a header is missing or lacks the text expected
  code_size = 902,          // the body's size is not the one expected
  code_text = 903,          // the body lacks the text expected
  code_not_json = 904,      // the body is not JSON
  code_json = 905,          // a value in the JSON body is missing or not the one expected
  code_too_long = 906,      // the body is longer than max_body, so it could not be checked
  code_no_field = 911,      // the feeder's record lacks a field; nothing was sent
  code_unsendable = 912,    // a field holds what cannot stand in a header; nothing was sent
  code_not_stream = 921,    // the answer is not an event stream
  code_few_events = 922,    // the stream ended with fewer events than asked for, or none
  code_endless_event = 923  // an event is longer than max_body
};

}  // namespace http
