// SPDX-License-Identifier: Apache-2.0
#include "h2_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "connection.h"
#include "h2_callbacks.h"
#include "h2_codes.h"

namespace http {

namespace {

// What one call of nghttp2_session_mem_send may give: a frame of the default size.
constexpr std::size_t frame_size = 16'384 + 64;
// Bodies are looked at and forgotten at once, so the server never has to wait for a window.
constexpr std::int32_t stream_window = 16 * 1024 * 1024;
constexpr std::int32_t connection_window = 1024 * 1024 * 1024;

}  // namespace

H2Session::H2Session(H2Operations& operations, H2SessionUser& user, std::uint32_t number,
                     std::uint32_t streams)
    : operations_(operations), user_(user), slots_(operations, *this, number, streams) {}

H2Session::~H2Session() {
  slots_.release_all();
  stop();
}

bool H2Session::start() {
  stop();
  nghttp2_session_callbacks* const callbacks = Callbacks::make();
  if (callbacks == nullptr) return false;
  const int made = nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) {
    session_ = nullptr;
    return false;
  }
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(stream_window)}};
  if (nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0 ||
      nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window) !=
          0) {
    stop();
    return false;
  }
  return true;
}

void H2Session::stop() {
  if (session_ != nullptr) nghttp2_session_del(session_);
  session_ = nullptr;
  found_stream_ = 0;
  open_streams_ = goaway_ = 0;
  settled_ = draining_ = answered_ = false;
}

H2Operation* H2Session::find(std::int32_t stream) {
  // What was not found is looked for again: it may have become a stream.
  if (stream != found_stream_ || found_ == nullptr) {
    found_stream_ = stream;
    found_ = static_cast<H2Operation*>(nghttp2_session_get_stream_user_data(session_, stream));
  }
  // The stream may outlive the operation, and its slot may serve another one.
  return found_ != nullptr && found_->stream == stream ? found_ : nullptr;
}

void H2Session::issue(const ordeal_op& op, const Request& request) {
  if (const std::int64_t code = slots_.add(op, request); code != 0)
    operations_.exchange.engine.complete(op.id, ORDEAL_OUTCOME_FAIL, code);
}

void H2Session::cancel(H2Operation& operation) {
  const std::int32_t stream = operation.stream;
  slots_.release(operation);
  if (stream != 0) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

bool H2Session::feed(const char* data, std::size_t size, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(data), size) >= 0;
}

std::uint32_t H2Session::allowed() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool H2Session::wants_to_send() const {
  if (session_ == nullptr) return false;
  if (nghttp2_session_want_write(session_) != 0) return true;
  return slots_.waiting() != nullptr && settled_ && !draining_ && open_streams_ < allowed();
}

bool H2Session::broken() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void H2Session::submit_waiting() {
  H2Operation& operation = *slots_.waiting();
  const H2Request& request = *operation.request;
  const auto& fields = request.rendered() ? operation.filled->fields : request.fields();
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::read_body;
  const std::int32_t stream =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                             operation.body().empty() ? nullptr : &body, &operation);
  if (stream < 0) {
    draining_ = true;  // no number is left, or no memory: a new connection may have both
    return;
  }
  slots_.give_stream(stream);
  ++open_streams_;
  // Without a timer the operation's own time-out still ends the stream.
  if (const std::uint64_t limit = operation.exchange.limit_ns(); limit != 0)
    static_cast<void>(operations_.exchange.host.timer<&H2Operation::stream_over>(
        now_ns_ + limit, &operation, &operation.timer));
}

// One request at a time: so that none is left in nghttp2's queue, neither sent nor ours.
std::size_t H2Session::take(char* out, std::size_t size, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  std::size_t taken = 0;
  while (size - taken >= frame_size) {
    if (slots_.waiting() != nullptr && settled_ && !draining_ && open_streams_ < allowed())
      submit_waiting();
    const std::uint8_t* data = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &data);
    if (n < 0) draining_ = true;  // no memory
    if (n <= 0) break;
    std::memcpy(out + taken, data, static_cast<std::size_t>(n));
    taken += static_cast<std::size_t>(n);
  }
  return taken;
}

void H2Session::say_goodbye() { nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR); }

void H2Session::headers_complete(H2Operation& operation) {
  if (operation.headers_done) return;  // trailers
  if (operation.status < 200) {
    if (operation.exchange.followed()) operation.exchange.interim();
    return;
  }
  operation.headers_done = true;
  operation.exchange.status(operation.status);
}

void H2Session::answer_ended(H2Operation& operation) {
  answered_ = true;
  const std::int32_t stream = operation.stream;
  const bool whole = operation.body_sent == operation.body().size();
  const Exchange::Verdict verdict = operation.exchange.end();
  complete(operation, verdict.outcome, verdict.code);
  // Nobody wants the rest of the request.
  if (!whole) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

// Enough was seen.
void H2Session::answer_abandoned(H2Operation& operation) {
  answered_ = true;
  const std::int32_t stream = operation.stream;
  const Exchange::Verdict verdict = operation.exchange.end();
  complete(operation, verdict.outcome, verdict.code);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void H2Operation::stream_over() noexcept {
  timer = 0;
  owner->answer_abandoned(*this);
  owner->user_.session_wants_to_send();
}

void H2Session::closed(H2Operation& operation, std::uint32_t error) {
  complete(operation, h2_outcome(error), h2_code(error));
}

void H2Session::complete(H2Operation& operation, std::uint32_t outcome, std::int64_t code) {
  std::array<ordeal_mark, 2> marks;
  ordeal_result result{};
  result.struct_size = sizeof result;
  result.outcome = outcome;
  result.code = code;
  result.bytes_out = operation.bytes_out;
  result.bytes_in = operation.bytes_in;
  result.sent_ns = operation.sent_ns;
  result.requests = operation.sent_ns != 0 ? 1 : 0;
  result.marks = marks.data();
  const auto mark = [&](std::uint32_t which, std::uint64_t at_ns) {
    if (at_ns != 0)
      marks[result.n_marks++] = {which, 0, at_ns - std::min(operation.sent_ns, at_ns)};
  };
  mark(mark_first_byte, operation.first_byte_ns);
  mark(operations_.exchange.mark_first_event, operation.exchange.first_event_ns());
  const std::uint64_t id = operation.op_id;
  slots_.release(operation);
  operations_.exchange.engine.complete(id, result);
}

void H2Session::end_streams(std::uint32_t outcome, std::int64_t code) {
  slots_.for_all_on_streams([&](H2Operation& operation) { complete(operation, outcome, code); });
}

void H2Session::end_waiting(std::uint32_t outcome, std::int64_t code) {
  while (slots_.waiting() != nullptr) complete(*slots_.waiting(), outcome, code);
}

void H2Session::set_next_stream(std::int32_t number) {
  nghttp2_session_set_next_stream_id(session_, number);
}

}  // namespace http
