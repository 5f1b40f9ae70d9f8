// SPDX-License-Identifier: Apache-2.0
#include "demo/connection.h"

#include <sys/socket.h>

#include <cerrno>

namespace ordeal::demo {
namespace {

constexpr std::size_t max_waiting_requests = 64;
constexpr std::size_t max_url = 8 * 1024;
constexpr std::size_t max_head = 64 * 1024;
constexpr std::size_t max_output = 1024 * 1024;

Connection* of(llhttp_t* parser) { return static_cast<Connection*>(parser->data); }

Request::Kind classify(std::string_view url, llhttp_method_t method) {
  const std::string_view path = url.substr(0, url.find('?'));
  const bool reads = method == HTTP_GET || method == HTTP_HEAD;
  if (path == "/status") return reads ? Request::Kind::status : Request::Kind::not_allowed;
  if (path != "/") return Request::Kind::not_found;
  return reads || method == HTTP_POST ? Request::Kind::work : Request::Kind::not_allowed;
}

}  // namespace

Connection::Connection(UniqueFd fd) : fd_(std::move(fd)) {
  llhttp_init(&parser_, HTTP_REQUEST, &settings());
  parser_.data = this;
}

const llhttp_settings_t& Connection::settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_message_begin = on_begin;
    s.on_url = on_url;
    s.on_headers_complete = on_headers_complete;
    s.on_message_complete = on_message_complete;
    return s;
  }();
  return settings;
}

int Connection::on_begin(llhttp_t* parser) {
  Connection* self = of(parser);
  self->url_.clear();
  self->head_bytes_ = 0;
  self->in_head_ = true;
  return 0;
}

int Connection::on_url(llhttp_t* parser, const char* at, std::size_t size) {
  Connection* self = of(parser);
  if (self->url_.size() + size > max_url) return HPE_USER;
  self->url_.append(at, size);
  return 0;
}

int Connection::on_headers_complete(llhttp_t* parser) {
  of(parser)->in_head_ = false;
  return 0;
}

int Connection::on_message_complete(llhttp_t* parser) {
  Connection* self = of(parser);
  const auto method = static_cast<llhttp_method_t>(llhttp_get_method(parser));
  Request request;
  request.kind = classify(self->url_, method);
  request.head = method == HTTP_HEAD;
  // This server upgrades to nothing, and does not guess what follows a request to do so.
  request.keep_alive = llhttp_should_keep_alive(parser) != 0 && parser->upgrade == 0;
  self->requests_.push_back(request);
  self->in_head_ = true;
  if (!request.keep_alive) {
    self->input_ended_ = true;
    return HPE_PAUSED;
  }
  return 0;
}

void Connection::reject() {
  requests_.push_back(Request{});
  input_ended_ = true;
}

void Connection::feed(std::span<const char> bytes) {
  if (input_ended_) return;
  if (in_head_) head_bytes_ += bytes.size();
  const llhttp_errno_t code = llhttp_execute(&parser_, bytes.data(), bytes.size());
  if (input_ended_) return;
  if (code != HPE_OK || (in_head_ && head_bytes_ > max_head)) reject();
}

bool Connection::wants_input() const {
  return !input_ended_ && requests_.size() < max_waiting_requests &&
         output_.size() - sent_ < max_output;
}

void Connection::answer(int status, std::string_view reason, std::string_view type,
                        std::string_view body) {
  const Request request = requests_.front();
  requests_.pop_front();
  output_ += "HTTP/1.1 " + std::to_string(status) + " ";
  output_ += reason;
  output_ += "\r\nContent-Type: ";
  output_ += type;
  output_ += "\r\nContent-Length: " + std::to_string(body.size());
  output_ += request.keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  if (!request.head) output_ += body;
}

bool Connection::flush() {
  while (has_output()) {
    const ssize_t n = send(fd_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    sent_ += static_cast<std::size_t>(n);
  }
  output_.clear();
  sent_ = 0;
  return true;
}

bool Connection::finished() const { return input_ended_ && requests_.empty() && !has_output(); }

}  // namespace ordeal::demo
