// SPDX-License-Identifier: Apache-2.0
#include "sdk/header_text.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <sstream>

namespace ordeal::testing {

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Without what only C++ sees, without #include, #pragma and attributes of compilers.
std::string c_part(const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  bool dropping = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#if")) {
      dropping = true;
    } else if (line.starts_with("#else")) {
      dropping = false;
    } else if (line.starts_with("#endif")) {
      dropping = false;
    } else if (!dropping && !line.starts_with("#include") && !line.starts_with("#pragma")) {
      kept += line + "\n";
    }
  }
  return kept;
}

class HeaderReader {
 public:
  explicit HeaderReader(std::string text) : text_(std::move(text)) {}

  std::vector<HeaderItem> items() {
    std::vector<HeaderItem> items;
    while (next()) {
      HeaderItem item;
      item.comment = comment_;
      if (text_.compare(at_, 8, "#define ") == 0) {
        item.kind = HeaderItem::Kind::define;
        item.name = word(at_ + 8);
        const auto value = at_ + 9 + item.name.size();
        at_ = text_.find('\n', at_);
        if (value < at_) item.value = text_.substr(value, at_ - value);
        // A macro that stands for nothing is no constant.
        if (item.name == "ORDEAL_NOEXCEPT") continue;
        items.push_back(std::move(item));
        continue;
      }
      const std::string head = until("{;");
      if (text_[at_] == '{') {
        ++at_;
        const bool enumeration = has(head, "enum");
        item.kind = enumeration ? HeaderItem::Kind::enumeration : HeaderItem::Kind::structure;
        item.fields = body(enumeration ? "," : ";");
        const auto tag = head.find("struct ");
        if (tag != std::string::npos) item.name = word_of(head, tag + 7);
        until(";");
      } else {
        item.kind = has(head, "(*") ? HeaderItem::Kind::function_type : HeaderItem::Kind::other;
        item.name = name_of(head);
      }
      ++at_;
      items.push_back(std::move(item));
    }
    return items;
  }

 private:
  /// Moves to the next declaration; false at the end. Keeps the comment directly before it.
  bool next() {
    comment_.clear();
    for (bool own_line = true; at_ < text_.size();) {
      if (text_[at_] == '\n') own_line = true;
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else if (text_.compare(at_, 2, "/*") == 0) {
        const auto end = text_.find("*/", at_) + 2;
        // Behind a declaration on its line a comment belongs to that one.
        comment_ = own_line && starts_line() ? text_.substr(at_, end - at_) : "";
        at_ = end;
      } else {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool starts_line() const {
    const auto begin = text_.rfind('\n', at_);
    return text_.find_first_not_of(' ', begin + 1) == at_;
  }

  /// Takes text up to one of `stops` outside parentheses and comments.
  std::string until(const std::string& stops) {
    std::string taken;
    for (int depth = 0; at_ < text_.size(); ++at_) {
      if (text_.compare(at_, 2, "/*") == 0) {
        at_ = text_.find("*/", at_) + 1;
        continue;
      }
      if (depth == 0 && stops.find(text_[at_]) != std::string::npos) break;
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')') --depth;
      taken += text_[at_];
    }
    return taken;
  }

  std::vector<HeaderField> body(const std::string& separator) {
    std::vector<HeaderField> fields;
    while (next() && text_[at_] != '}') {
      HeaderField field;
      field.comment = comment_;
      field.text = until(separator + "}");
      field.function = has(field.text, "(*");
      field.name = separator == "," ? word_of(field.text, 0) : name_of(field.text);
      if (text_[at_] != '}') ++at_;
      fields.push_back(std::move(field));
    }
    return fields;
  }

  [[nodiscard]] std::string word(std::size_t from) const { return word_of(text_, from); }
  static std::string word_of(const std::string& text, std::size_t from) {
    std::string name;
    for (; from < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[from])) != 0 || text[from] == '_');
         ++from)
      name += text[from];
    return name;
  }
  /// What a declarator declares: f in `int (*f)(...)`, a in `T a[8]`, else the last word.
  static std::string name_of(const std::string& text) {
    std::smatch found;
    if (std::regex_search(text, found, std::regex(R"(\(\*(\w+)\))"))) return found[1];
    if (std::regex_search(text, found, std::regex(R"((\w+)(\[\d+\])?\s*$)"))) return found[1];
    return "";
  }

  std::string text_;
  std::string comment_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<HeaderItem> read_header(const std::string& text) {
  return HeaderReader(c_part(text)).items();
}

std::vector<std::string> undocumented(const std::vector<HeaderItem>& items) {
  // Struct_size would cost more than it gives: abi/base.h and their own comments say so.
  const std::set<std::string> without_size{"ordeal_str", "ordeal_plugin_entry_t", "ordeal_mark"};
  static const std::regex since("Since [0-9]+\\.[0-9]+");
  static const std::regex thread(R"(\[(worker|any)\])");
  std::vector<std::string> missing;
  for (const HeaderItem& item : items) {
    const std::string name = item.name.empty() && !item.fields.empty()
                                 ? "the enumeration of " + item.fields.front().name
                                 : item.name;
    if (!std::regex_search(item.comment, since))
      missing.push_back(name + " does not say since when");
    if (item.kind == HeaderItem::Kind::function_type && !std::regex_search(item.comment, thread))
      missing.push_back(name + " does not name its thread");
    if (item.kind != HeaderItem::Kind::structure) continue;
    if (!without_size.contains(item.name) &&
        (item.fields.empty() || item.fields.front().text != "uint32_t struct_size"))
      missing.push_back(name + " does not start with struct_size");
    for (const HeaderField& field : item.fields) {
      if (!field.function) continue;
      const std::string function = name + "." + field.name;
      if (!std::regex_search(field.comment, thread))
        missing.push_back(function + " does not name its thread");
      const bool status = field.text.starts_with("int32_t ");
      if (status && !has(field.comment, "ORDEAL_E_") && !has(field.comment, "error") &&
          !has(field.comment, "as above"))
        missing.push_back(function + " has a status and names no error");
    }
  }
  return missing;
}

}  // namespace ordeal::testing
