// SPDX-License-Identifier: Apache-2.0
#include "exchange.h"

#include <algorithm>

#include "codes.h"
#include "sse_parser.h"

namespace http {

namespace {

// A header's value is looked at as far as this.
constexpr std::size_t max_header_value = 16 * 1024;
constexpr std::size_t max_header_name = 256;

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view wanted = "text/event-stream";
  return same_name(content_type.substr(0, wanted.size()), wanted) &&
         (content_type.size() == wanted.size() ||
          std::string_view("; \t").find(content_type[wanted.size()]) != std::string_view::npos);
}

}  // namespace

struct Exchange::More {
  explicit More(ExchangeShared& s) : shared(&s), events(s.max_body) {}

  ExchangeShared* shared;
  std::string rendered;

  std::string name;  // of the header in progress
  std::string value;
  bool in_value = false;
  bool headers_done = false;
  std::uint64_t headers_met = 0;  // one bit for each check
  bool event_stream = false;

  bool checking = false;  // the status was as expected, so the body is looked at
  std::uint64_t size = 0;
  std::vector<std::uint32_t> matched;  // of each text, how much
  std::string kept;
  bool too_long = false;

  SseParser events;
  std::uint64_t count = 0;
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  ordeal_session_id session = 0;
  bool warm_up = false;

  void one_header(const Message& message, std::string_view header_name, std::string_view text) {
    for (std::size_t i = 0; i < message.expect.headers.size(); ++i) {
      const HeaderCheck& check = message.expect.headers[i];
      if (same_name(check.name, header_name) && text.find(check.contains) != std::string_view::npos)
        headers_met |= std::uint64_t{1} << i;
    }
    if (message.stream && same_name(header_name, "Content-Type"))
      event_stream = is_event_stream(text);
  }
  void end_header(const Message& message) {
    if (in_value) one_header(message, name, value);
    in_value = false;
    name.clear();
    value.clear();
  }
  bool take_events(const Message& message, std::string_view& piece);
};

Exchange::Exchange() = default;
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;

std::int64_t Exchange::begin_more(ExchangeShared& shared, const ordeal_op& op, bool http1) {
  if (!more_) more_ = std::make_unique<More>(shared);
  More& m = *more_;
  m.name.clear();
  m.value.clear();
  m.in_value = m.headers_done = m.event_stream = m.checking = m.too_long = false;
  m.headers_met = 0;
  m.size = 0;
  m.matched.assign(request_->message->expect.contains.size(), 0);
  m.kept.clear();
  m.count = m.first_ns = m.last_ns = 0;
  m.session = op.session;
  m.warm_up = (op.flags & ORDEAL_OP_WARM_UP) != 0;
  if (request_->message->stream) m.events.begin();
  if (!request_->rendered) return 0;
  shared.renderer.begin(ordeal::abi::view(op.data), op.session);
  return http1 ? shared.renderer.render(*request_, m.rendered) : 0;
}

std::string_view Exchange::rendered() const { return more_->rendered; }

std::uint64_t Exchange::first_event_ns() const { return request_->followed ? more_->first_ns : 0; }

void Exchange::header(std::string_view name, std::string_view value) {
  if (!more_->headers_done) more_->one_header(*request_->message, name, value);
}

void Exchange::header_name_part(std::string_view part) {
  More& m = *more_;
  if (m.headers_done) return;  // trailers
  if (m.in_value) m.end_header(*request_->message);
  m.name.append(part.substr(0, max_header_name - std::min(max_header_name, m.name.size())));
}

void Exchange::header_value_part(std::string_view part) {
  More& m = *more_;
  if (m.headers_done) return;
  m.in_value = true;
  m.value.append(part.substr(0, max_header_value - std::min(max_header_value, m.value.size())));
}

void Exchange::interim() {
  More& m = *more_;
  m.in_value = m.event_stream = false;
  m.headers_met = 0;
  m.name.clear();
  m.value.clear();
}

void Exchange::status_more() {
  More& m = *more_;
  m.end_header(*request_->message);
  m.headers_done = true;
  m.checking = request_->message->expect.status_expected(status_) &&
               (!request_->message->stream || m.event_stream);
}

bool Exchange::body(const char* data, std::size_t size) {
  More& m = *more_;
  if (!m.checking) return true;
  const Message& message = *request_->message;
  std::string_view piece(data, size);
  bool goes_on = true;
  if (message.stream) {
    // What follows the last event wanted is nobody's matter, whether it has arrived already or not.
    std::string_view rest = piece;
    goes_on = m.take_events(message, rest);
    piece.remove_suffix(rest.size());
  }
  m.size += piece.size();
  for (std::size_t i = 0; i < m.matched.size(); ++i)
    m.matched[i] = message.expect.contains[i].feed(m.matched[i], piece);
  if (!message.expect.json.empty() && !m.too_long) {
    m.too_long = m.size > m.shared->max_body;
    if (m.too_long) {
      m.kept.clear();
    } else {
      m.kept.append(piece);
    }
  }
  return goes_on;
}

// The clock is read once for all events of a piece: they arrived together.
bool Exchange::More::take_events(const Message& message, std::string_view& piece) {
  std::uint64_t now = 0;
  for (;;) {
    switch (events.next(piece)) {
      case SseParser::Step::more:
        return true;
      case SseParser::Step::too_long:
        too_long = true;
        return false;
      case SseParser::Step::event:
        break;
    }
    if (now == 0) now = shared->host.now_ns();
    if (++count == 1) {
      first_ns = now;
    } else if (!warm_up) {
      shared->engine.observe(session, shared->mark_event_gap, now - last_ns);
    }
    last_ns = now;
    if (count == message.limits.events) return false;
  }
}

Exchange::Verdict Exchange::end_more() {
  More& m = *more_;
  const Message& message = *request_->message;
  const Expectation& expect = message.expect;
  // A status that says no is the reason, whatever else is wrong; one that was never seen is no
  // status at all: the stream's time was up before the server said anything.
  if (!expect.status_expected(status_) && (status_ != 0 || !message.stream)) return by_status();
  const auto fail = [](std::int64_t code) { return Verdict{ORDEAL_OUTCOME_FAIL, code}; };
  if (status_ == 0) return fail(code_few_events);
  if (m.headers_met + 1 != std::uint64_t{1} << expect.headers.size()) return fail(code_header);
  if (message.stream) {
    if (!m.event_stream) return fail(code_not_stream);
    if (m.too_long) return {ORDEAL_OUTCOME_PROTOCOL, code_endless_event};
    if (m.count < std::max<std::uint64_t>(1, message.limits.events) &&
        (m.count == 0 || message.limits.for_ns == 0))
      return fail(code_few_events);
  }
  if (m.size < expect.min_size || m.size > expect.max_size) return fail(code_size);
  for (std::size_t i = 0; i < m.matched.size(); ++i)
    if (!expect.contains[i].found(m.matched[i])) return fail(code_text);
  if (!expect.json.empty()) {
    if (m.too_long) return fail(code_too_long);
    if (const std::int64_t code = m.shared->json.check(m.kept, expect.json); code != 0)
      return fail(code);
  }
  return {ORDEAL_OUTCOME_OK, status_};
}

}  // namespace http
