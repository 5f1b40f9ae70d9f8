// SPDX-License-Identifier: Apache-2.0
#include "h2_session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "connection.h"
#include "h2_codes.h"

namespace http {

namespace {

// What one call of nghttp2_session_mem_send may give: a frame of the default size.
constexpr std::size_t frame_size = 16'384 + 64;
constexpr std::size_t frame_head_size = 9;
// Bodies are looked at and forgotten at once, so the server never has to wait for a window.
constexpr std::int32_t stream_window = 16 * 1024 * 1024;
constexpr std::int32_t connection_window = 1024 * 1024 * 1024;

}  // namespace

std::uint32_t H2Session::outcome_of(std::uint32_t error) {
  switch (error) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_SETTINGS_TIMEOUT:
    case NGHTTP2_STREAM_CLOSED:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
      return ORDEAL_OUTCOME_PROTOCOL;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return ORDEAL_OUTCOME_THROTTLED;
    default:
      return ORDEAL_OUTCOME_REFUSED;
  }
}

// What nghttp2 calls. None of these may throw.
struct H2Session::Callbacks {
  static H2Session& self(void* user) { return *static_cast<H2Session*>(user); }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) noexcept {
    H2Session& s = self(user);
    if (head->stream_id == 0) return 0;
    if (H2Operation* const operation = s.find(head->stream_id)) {
      operation->bytes_in += head->length + frame_head_size;
      const bool answer = head->type == NGHTTP2_HEADERS || head->type == NGHTTP2_DATA;
      if (answer && operation->first_byte_ns == 0) operation->first_byte_ns = s.now_ns_;
    }
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) noexcept {
    H2Operation* const operation = self(user).find(frame->hd.stream_id);
    if (operation == nullptr) return 0;
    if (name_size == 7 && std::memcmp(name, ":status", 7) == 0) {
      operation->status = 0;  // nghttp2 has seen to it that these are three digits
      for (std::size_t i = 0; i < value_size && i < 3; ++i)
        operation->status = operation->status * 10 + (value[i] - '0');
    } else if (operation->exchange.followed()) {
      operation->exchange.header({reinterpret_cast<const char*>(name), name_size},
                                 {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }

  static int body(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                  std::size_t size, void* user) noexcept {
    H2Session& s = self(user);
    H2Operation* const operation = s.find(stream);
    if (operation != nullptr && operation->exchange.followed() &&
        !operation->exchange.body(reinterpret_cast<const char*>(data), size))
      s.answer_abandoned(*operation);
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    H2Session& s = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (H2Operation* const operation = s.find(frame->hd.stream_id)) {
          if (frame->hd.type == NGHTTP2_HEADERS) s.headers_complete(*operation);
          if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) s.answer_ended(*operation);
        }
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) s.settled_ = true;
        break;
      case NGHTTP2_GOAWAY:
        s.draining_ = true;
        s.goaway_ = frame->goaway.error_code;
        break;
      default:
        break;
    }
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    H2Session& s = self(user);
    if (H2Operation* const operation = s.find(frame->hd.stream_id)) {
      if (operation->sent_ns == 0) operation->sent_ns = s.now_ns_;
      operation->bytes_out += frame->hd.length + frame_head_size;
    }
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t error,
                           void* user) noexcept {
    H2Session& s = self(user);
    if (s.open_streams_ > 0) --s.open_streams_;
    if (H2Operation* const operation = s.find(stream)) s.closed(*operation, error);
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* out,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user) noexcept {
    H2Operation* const operation = self(user).find(stream);
    if (operation == nullptr) return NGHTTP2_ERR_DEFERRED;  // given up: its reset is on the way
    const std::string_view body = operation->body();
    const std::size_t part = std::min(size, body.size() - operation->body_sent);
    std::memcpy(out, body.data() + operation->body_sent, part);
    operation->body_sent += part;
    if (operation->body_sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(part);
  }
};

H2Session::H2Session(H2Operations& operations, H2SessionUser& user, std::uint32_t number,
                     std::uint32_t streams)
    : operations_(operations), user_(user), number_(number), slots_(streams) {
  for (H2Operation& slot : slots_) {
    slot.owner = this;
    slot.session = number_;
    slot.next = free_;
    free_ = &slot;
  }
}

H2Session::~H2Session() {
  for (H2Operation& slot : slots_)
    if (slot.request != nullptr) release(slot);
  stop();
}

bool H2Session::start() {
  stop();
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return false;
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, &Callbacks::begin_frame);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::body);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Callbacks::frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::stream_closed);
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
  if (stream != found_stream_) {
    found_stream_ = stream;
    found_ = static_cast<H2Operation*>(nghttp2_session_get_stream_user_data(session_, stream));
  }
  // The stream may outlive the operation, and its slot may serve another one.
  return found_ != nullptr && found_->stream == stream ? found_ : nullptr;
}

void H2Session::issue(const ordeal_op& op, const Request& request) {
  H2Operation& operation = *free_;
  std::int64_t code = operation.exchange.begin_parts(operations_.exchange, request, op);
  if (code == 0 && request.rendered) {
    if (!operation.filled) operation.filled = std::make_unique<H2Request::Filled>();
    code = request.h2->render(operations_.exchange.renderer, *operation.filled);
  }
  if (code != 0) {
    operations_.exchange.engine.complete(op.id, ORDEAL_OUTCOME_FAIL, code);
    return;
  }
  free_ = operation.next;
  operation.request = request.h2.get();
  operation.op_id = op.id;
  operation.status = 0;
  operation.headers_done = false;
  operation.body_sent = 0;
  operation.bytes_out = operation.bytes_in = operation.sent_ns = operation.first_byte_ns = 0;
  operation.newer = operation.next = nullptr;
  operation.older = operations_.newest;
  (operation.older != nullptr ? operation.older->newer : operations_.oldest) = &operation;
  operations_.newest = &operation;
  (waiting_ != nullptr ? waiting_last_->next : waiting_) = &operation;
  waiting_last_ = &operation;
}

void H2Session::release(H2Operation& operation) {
  (operation.older != nullptr ? operation.older->newer : operations_.oldest) = operation.newer;
  (operation.newer != nullptr ? operation.newer->older : operations_.newest) = operation.older;
  if (operation.stream != 0) {
    --on_streams_;
  } else {
    H2Operation* before = nullptr;
    for (H2Operation* o = waiting_; o != &operation; o = o->next) before = o;
    (before != nullptr ? before->next : waiting_) = operation.next;
    if (waiting_last_ == &operation) waiting_last_ = before;
  }
  if (operation.timer != 0) operations_.exchange.host.cancel_timer(operation.timer);
  operation.timer = 0;
  operation.request = nullptr;
  operation.stream = 0;
  operation.next = free_;
  free_ = &operation;
}

void H2Session::cancel(H2Operation& operation) {
  const std::int32_t stream = operation.stream;
  release(operation);
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
  return waiting_ != nullptr && settled_ && !draining_ && open_streams_ < allowed();
}

bool H2Session::broken() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void H2Session::submit_waiting() {
  H2Operation& operation = *waiting_;
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
  waiting_ = operation.next;
  if (waiting_ == nullptr) waiting_last_ = nullptr;
  operation.next = nullptr;
  operation.stream = stream;
  ++open_streams_;
  ++on_streams_;
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
    if (waiting_ != nullptr && settled_ && !draining_ && open_streams_ < allowed())
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
  complete(operation, outcome_of(error), h2_code(error));
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
  release(operation);
  operations_.exchange.engine.complete(id, result);
}

void H2Session::end_streams(std::uint32_t outcome, std::int64_t code) {
  for (H2Operation& slot : slots_)
    if (slot.request != nullptr && slot.stream != 0) complete(slot, outcome, code);
}

void H2Session::end_waiting(std::uint32_t outcome, std::int64_t code) {
  while (waiting_ != nullptr) complete(*waiting_, outcome, code);
}

void H2Session::set_next_stream(std::int32_t number) {
  nghttp2_session_set_next_stream_id(session_, number);
}

}  // namespace http
