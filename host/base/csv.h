// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordeal {

/// One field of CSV text as RFC 4180 has it: separated by commas, in quotes where it holds commas,
/// quotes (doubled) or line ends; records end with LF or CR LF, the last one also without.
struct CsvField {
  std::string_view text;  // what stands between the quotes, if it has any; of the text read
  bool doubled = false;   // there are quotes in it, each twice
  bool last = false;      // of its record
};

/// Reads the field at `at` and moves behind it and what ends it. nullptr, or what is wrong, in
/// words; then `at` is where. Never reads beyond the text. Any thread.
const char* next_csv_field(std::string_view text, std::size_t& at, CsvField& field);

/// Adds `text` as a JSON string with its quotes; with `doubled`, quotes are taken as one for two.
/// The text is valid UTF-8.
void append_json_string(std::string& out, std::string_view text, bool doubled = false);

/// Where the text is no UTF-8 (RFC 3629); npos: nowhere.
std::size_t invalid_utf8(std::string_view text);

}  // namespace ordeal
