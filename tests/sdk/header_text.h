// SPDX-License-Identifier: Apache-2.0
// Reads the text of a C header of sdk/include/ordeal/abi as far as its rules need: declarations
// with the comment that stands before each.
#pragma once

#include <string>
#include <vector>

namespace ordeal::testing {

struct HeaderField {
  std::string name;
  std::string text;     // the whole declaration
  std::string comment;  // directly before it, "" without one
  bool function = false;
};

struct HeaderItem {
  enum class Kind { define, enumeration, structure, function_type, other };
  Kind kind = Kind::other;
  std::string name;   // "" for an enumeration
  std::string value;  // of a define
  std::string comment;
  std::vector<HeaderField> fields;  // of a structure; the enumerators of an enumeration
};

/// The items of a header in order. Conditional parts for C++ and include guards are left out.
std::vector<HeaderItem> read_header(const std::string& text);

/// What the rules of abi/base.h miss in a header, one sentence each: every item says since when;
/// every function pointer names its thread; every function with a status names an error; every
/// structure starts with struct_size.
std::vector<std::string> undocumented(const std::vector<HeaderItem>& items);

}  // namespace ordeal::testing
