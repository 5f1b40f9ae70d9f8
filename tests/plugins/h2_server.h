// SPDX-License-Identifier: Apache-2.0
// An HTTP/2 server that does to each request what a test wants, on a thread of its own. nghttp2
// does the framing, so that what is wrong is wrong on purpose.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/loopback_server.h"

class H2Server {
 public:
  struct Request {
    int number;                                  // of the server, from 0
    int on_connection;                           // from 0
    std::map<std::string, std::string> headers;  // with the pseudo ones
    std::string body{};
  };
  struct Answer {
    int status = 200;
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
    bool interim = false;           // a 103 before it
    bool trailers = false;          // behind the body
    bool silent = false;            // no answer
    int reset = -1;                 // RST_STREAM with this error, no answer
    int goaway = -1;                // GOAWAY with this error, for streams above this one
    std::int32_t last_stream = -1;  // of that GOAWAY, instead of this stream
    bool hang_up = false;           // end the connection without a word
    std::string raw{};              // these bytes, behind all that is to be sent
  };

  explicit H2Server(std::function<Answer(const Request&)> answer,
                    std::vector<nghttp2_settings_entry> settings = {})
      : answer_(std::move(answer)), settings_(std::move(settings)) {
    server_.start([this](int fd) { return std::make_unique<Client>(fd, *this); });
  }

  [[nodiscard]] std::string config(std::uint32_t streams, const std::string& more = "") const {
    return R"({"url":")" + server_.url() + R"(","protocol":"h2","streams":)" +
           std::to_string(streams) + more + "}";
  }
  [[nodiscard]] int accepted() const { return server_.accepted(); }
  [[nodiscard]] int requests() const { return requests_; }
  /// The most streams that were open at once.
  [[nodiscard]] int at_once() const { return at_once_; }
  /// RST_STREAM frames received, by error.
  [[nodiscard]] std::map<std::uint32_t, int> resets() const {
    const std::lock_guard lock(mutex_);
    return resets_;
  }
  [[nodiscard]] int goaways() const { return goaways_; }
  [[nodiscard]] int pings_answered() const { return pings_; }

 private:
  struct Stream {
    Request request;
    Answer answer;
    std::size_t sent = 0;
    bool answered = false;
  };
  struct Client final : LoopbackServer::Client {
    Client(int fd, H2Server& of) : LoopbackServer::Client(fd), server(&of) {
      nghttp2_session_callbacks* callbacks = nullptr;
      nghttp2_session_callbacks_new(&callbacks);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &H2Server::begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, &H2Server::header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &H2Server::data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &H2Server::received);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &H2Server::closed);
      nghttp2_session_server_new(&session, callbacks, this);
      nghttp2_session_callbacks_del(callbacks);
      nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, of.settings_.data(), of.settings_.size());
    }
    ~Client() override { nghttp2_session_del(session); }

    bool greet() override { return write(); }
    bool read() override {
      std::uint8_t part[65536];
      const ssize_t n = ::recv(fd(), part, sizeof part, 0);
      return n > 0 && nghttp2_session_mem_recv(session, part, static_cast<std::size_t>(n)) >= 0 &&
             write();
    }
    bool write() {
      const std::uint8_t* out = nullptr;
      for (ssize_t n = 0; (n = nghttp2_session_mem_send(session, &out)) > 0;)
        if (!send_all(out, static_cast<std::size_t>(n))) return false;
      if (!send_all(raw.data(), raw.size())) return false;
      raw.clear();
      return !hang_up;  // after a GOAWAY, too, it is the client that closes
    }

    H2Server* server;
    nghttp2_session* session = nullptr;
    std::map<std::int32_t, Stream> streams;
    int requests = 0;
    std::string raw;
    bool hang_up = false;
  };

  static Client& client(void* user) { return *static_cast<Client*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Client& c = client(user);
    c.streams[frame->hd.stream_id];
    const int open = static_cast<int>(c.streams.size());
    if (open > c.server->at_once_) c.server->at_once_ = open;
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    client(user)
        .streams[frame->hd.stream_id]
        .request.headers[std::string(reinterpret_cast<const char*>(name), name_size)] =
        std::string(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    client(user).streams[stream].request.body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Client& c = client(user);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS || (frame->hd.type == NGHTTP2_DATA && end)) {
      c.server->reply(c, frame->hd.stream_id, end);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
      const std::lock_guard lock(c.server->mutex_);
      ++c.server->resets_[frame->rst_stream.error_code];
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      ++c.server->goaways_;
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
      ++c.server->pings_;
    }
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    client(user).streams.erase(stream);
    return 0;
  }
  static ssize_t body(nghttp2_session* session, std::int32_t stream, std::uint8_t* out,
                      std::size_t size, std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream& s = client(user).streams[stream];
    const std::size_t part = std::min(size, s.answer.body.size() - s.sent);
    std::memcpy(out, s.answer.body.data() + s.sent, part);
    s.sent += part;
    if (s.sent == s.answer.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (s.answer.trailers) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const nghttp2_nv trailer = field("x-checksum", "1");
        nghttp2_submit_trailer(session, stream, &trailer, 1);
      }
    }
    return static_cast<ssize_t>(part);
  }
  // Points at what it is given.
  static nghttp2_nv field(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {
      return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }

  void reply(Client& c, std::int32_t stream, bool whole) {
    Stream& s = c.streams[stream];
    if (s.answered) return;
    if (s.request.headers.contains("x-early")) whole = true;
    if (!whole) return;
    s.answered = true;
    s.request.number = requests_++;
    s.request.on_connection = c.requests++;
    s.answer = answer_(s.request);
    const Answer& a = s.answer;
    if (a.goaway >= 0)
      nghttp2_submit_goaway(c.session, NGHTTP2_FLAG_NONE,
                            a.last_stream >= 0 ? a.last_stream : stream,
                            static_cast<std::uint32_t>(a.goaway), nullptr, 0);
    c.raw += a.raw;
    c.hang_up = c.hang_up || a.hang_up;
    if (a.reset >= 0) {
      nghttp2_submit_rst_stream(c.session, NGHTTP2_FLAG_NONE, stream,
                                static_cast<std::uint32_t>(a.reset));
    } else if (!a.silent) {
      nghttp2_submit_ping(c.session, NGHTTP2_FLAG_NONE, nullptr);
      if (a.interim) {
        const nghttp2_nv interim = field(":status", "103");
        nghttp2_submit_headers(c.session, NGHTTP2_FLAG_NONE, stream, nullptr, &interim, 1, nullptr);
      }
      const std::string status = std::to_string(a.status);
      std::vector<nghttp2_nv> fields{field(":status", status)};
      for (const auto& [name, value] : a.headers) fields.push_back(field(name, value));
      nghttp2_data_provider provider{};
      provider.read_callback = &H2Server::body;
      nghttp2_submit_response(c.session, stream, fields.data(), fields.size(),
                              a.body.empty() && !a.trailers ? nullptr : &provider);
    }
  }

  std::function<Answer(const Request&)> answer_;
  std::vector<nghttp2_settings_entry> settings_;
  std::atomic<int> requests_{0};
  std::atomic<int> at_once_{0};
  std::atomic<int> goaways_{0};
  std::atomic<int> pings_{0};
  mutable std::mutex mutex_;
  std::map<std::uint32_t, int> resets_;
  LoopbackServer server_;  // last: its thread uses the rest
};
