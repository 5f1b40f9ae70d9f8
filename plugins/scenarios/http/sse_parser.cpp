// SPDX-License-Identifier: Apache-2.0
#include "sse_parser.h"

#include <algorithm>

namespace http {

void SseParser::begin() {
  line_.clear();
  data_.clear();
  type_.clear();
  first_line_ = true;
  after_cr_ = dispatched_ = false;
}

SseParser::Step SseParser::next(std::string_view& rest) {
  if (dispatched_) {
    data_.clear();
    type_.clear();
    dispatched_ = false;
  }
  while (!rest.empty()) {
    if (after_cr_ && rest.front() == '\n') rest.remove_prefix(1);
    after_cr_ = false;
    const std::size_t end = rest.find_first_of("\r\n");
    if (line_.size() + std::min(end, rest.size()) > max_event_) return Step::too_long;
    if (end == std::string_view::npos) {
      line_.append(rest);
      rest = {};
      break;
    }
    after_cr_ = rest[end] == '\r';
    Step step = Step::more;
    if (line_.empty()) {
      step = line(rest.substr(0, end));
    } else {
      line_.append(rest.substr(0, end));
      step = line(line_);
      line_.clear();
    }
    rest.remove_prefix(end + 1);
    if (step != Step::more) return step;
  }
  return Step::more;
}

SseParser::Step SseParser::line(std::string_view text) {
  if (first_line_ && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  first_line_ = false;
  if (text.empty()) {
    if (data_.empty()) {
      type_.clear();
      return Step::more;
    }
    dispatched_ = true;
    return Step::event;
  }
  const std::size_t colon = text.find(':');
  if (colon == 0) return Step::more;  // a comment
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (data_.size() + value.size() > max_event_) return Step::too_long;
    data_.append(value).push_back('\n');
  } else if (field == "event") {
    type_ = value;
  }
  return Step::more;
}

}  // namespace http
