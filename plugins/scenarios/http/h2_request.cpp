// SPDX-License-Identifier: Apache-2.0
#include "h2_request.h"

#include <algorithm>
#include <array>

#include "ordeal/component.hpp"

namespace http {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// RFC 9113, 8.2.2: what concerns one connection has other means in HTTP/2.
bool is_forbidden(std::string_view name, const Template& value) {
  constexpr std::array<std::string_view, 5> names{"connection", "keep-alive", "proxy-connection",
                                                  "transfer-encoding", "upgrade"};
  return std::find(names.begin(), names.end(), name) != names.end() ||
         (name == "te" && (!value.is_static() || lower(value.text()) != "trailers"));
}

Template literal(std::string_view text) {
  Template made;
  made.append(text);
  return made;
}

nghttp2_nv field_of(std::string_view name, std::string_view value, std::uint8_t flags) {
  const auto bytes = [](std::string_view text) {
    // nghttp2 takes a pointer it could write to, and does not.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

}  // namespace

H2Request::H2Request(const Url& url, const Request& request)
    : body_template_(&request.message->body), rendered_(request.rendered) {
  const Message& message = *request.message;
  parts_.emplace_back(":method", literal(message.method));
  parts_.emplace_back(":scheme", literal(url.tls ? "https" : "http"));
  parts_.emplace_back(":authority", literal(request.authority));
  parts_.emplace_back(":path", request.path);
  for (const auto& [given, value] : message.headers) {
    std::string name = lower(given);
    if (is_forbidden(name, value))
      throw ordeal::Failure(ORDEAL_E_INVALID, "header '" + given + "': has no place in HTTP/2");
    if (name == "host") {
      parts_[2].second = value;
    } else {
      parts_.emplace_back(std::move(name), value);
    }
  }
  sends_length_ = !message.body.empty() || message.sends_length;
  if (rendered_) return;

  body_ = message.body.text();
  if (sends_length_) parts_.emplace_back("content-length", literal(std::to_string(body_.size())));
  std::size_t size = 0;
  for (const auto& [name, value] : parts_) size += value.text().size();
  text_.reserve(size);  // the fields point into it
  for (const auto& [name, value] : parts_) {
    const std::size_t at = text_.size();
    text_.append(value.text());
    fields_.push_back(field_of(name, std::string_view(text_).substr(at),
                               NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE));
  }
}

std::int64_t H2Request::render(Renderer& renderer, Filled& out) const {
  out.body.clear();
  if (const std::int64_t code = renderer.append(*body_template_, out.body); code != 0) return code;
  out.text.clear();
  out.fields.clear();
  for (const auto& [name, value] : parts_) {
    const std::size_t at = out.text.size();
    if (const std::int64_t code = renderer.append(value, out.text); code != 0) return code;
    // Only the size here: the text may still move.
    out.fields.push_back(field_of(name, std::string_view(out.text).substr(at), 0));
  }
  if (sends_length_) {
    const std::size_t at = out.text.size();
    out.text.append(std::to_string(out.body.size()));
    out.fields.push_back(field_of("content-length", std::string_view(out.text).substr(at), 0));
  }
  // nghttp2 copies the values: the slot they are in may serve another operation before they are
  // sent.
  std::size_t at = 0;
  for (nghttp2_nv& field : out.fields) {
    field.value = reinterpret_cast<std::uint8_t*>(out.text.data() + at);
    field.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
    at += field.valuelen;
  }
  return 0;
}

}  // namespace http
