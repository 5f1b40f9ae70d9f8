// SPDX-License-Identifier: Apache-2.0
#include "engine/feeder_text.h"

#include <cstring>

#include "base/csv.h"

namespace ordeal {

FeederText::Step FeederText::next(std::size_t& at, std::string_view& record) {
  return format_ == FeederSpec::Format::csv ? next_csv(at, record) : next_line(at, record);
}

FeederText::Step FeederText::next_csv(std::size_t& at, std::string_view& record) {
  while (at < text_.size()) {
    const std::size_t begin = at;
    CsvField field;
    bool blank = true;
    do {
      const std::size_t here = at;
      if (const char* problem = next_csv_field(text_, at, field)) {
        problem_ = problem;
        return Step::wrong;
      }
      if (here > begin || !field.last || !field.text.empty() || text_[here] == '"') blank = false;
    } while (!field.last && at - begin <= feeder_record_max);
    if (blank) continue;
    std::size_t end = at;
    if (end > begin && text_[end - 1] == '\n') --end;
    if (end > begin && text_[end - 1] == '\r') --end;
    record = text_.substr(begin, end - begin);
    if (record.size() <= feeder_record_max) return Step::record;
    problem_ = "a record longer than 1 MiB";
    at = begin;
    return Step::wrong;
  }
  return Step::end;
}

FeederText::Step FeederText::next_line(std::size_t& at, std::string_view& record) {
  while (at < text_.size()) {
    const std::size_t begin = at;
    const void* found = std::memchr(text_.data() + at, '\n', text_.size() - at);
    std::size_t end =
        found == nullptr ? text_.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
    at = found == nullptr ? end : end + 1;
    if (end > begin && text_[end - 1] == '\r') --end;
    record = text_.substr(begin, end - begin);
    if (record.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (record.size() <= feeder_record_max) return Step::record;
    problem_ = "a record longer than 1 MiB";
    at = begin;
    return Step::wrong;
  }
  return Step::end;
}

bool csv_to_json(std::string_view record, const std::vector<std::string>& names, std::string& out) {
  out.assign(1, '{');
  CsvField field;
  std::size_t at = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (next_csv_field(record, at, field) != nullptr) return false;
    if (field.last != (i + 1 == names.size())) return false;
    if (i > 0) out += ',';
    out += names[i];
    append_json_string(out, field.text, field.doubled);
  }
  out += '}';
  return at == record.size();
}

std::vector<std::string> csv_names(std::string_view first_record, bool header) {
  std::vector<std::string> names;
  CsvField field;
  for (std::size_t at = 0; !field.last;) {
    if (next_csv_field(first_record, at, field) != nullptr) break;
    std::string& name = names.emplace_back();
    if (header) {
      append_json_string(name, field.text, field.doubled);
    } else {
      append_json_string(name, "c" + std::to_string(names.size()));
    }
    name += ':';
  }
  return names;
}

}  // namespace ordeal
