// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <strings.h>

#include <algorithm>

#include "ordeal/component.hpp"

namespace http {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool has_header(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return same_name(header.first, name); });
}

std::string_view header_value(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (same_name(header.first, name) && header.second.is_static()) return header.second.text();
  return {};
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void set_header(Headers& headers, std::string_view name, std::string_view value) {
  const auto refuse = [&](const std::string& why) {
    throw ordeal::Failure(ORDEAL_E_INVALID, "header '" + std::string(name) + "': " + why);
  };
  if (!is_token(name)) refuse("not a header name");
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
      refuse("its value holds a control character");
  // The body's length is ours to know, and chunked requests are not made.
  if (same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding"))
    refuse("follows from the body, leave it out");
  std::erase_if(headers, [&](const auto& header) { return same_name(header.first, name); });
  headers.emplace_back(name, Template(value, Encoding::header));
}

Request build_request(const Url& url, std::shared_ptr<const Message> message,
                      const Template& path) {
  const Message& m = *message;
  Request request;
  request.authority = url.authority;
  request.path.append(url.path);
  request.path.append(path);
  request.head = m.method == "HEAD";
  request.followed = m.stream || m.expect.wants_content();
  Template head;
  head.append(m.method);
  head.append(" ");
  head.append(request.path);
  head.append(" HTTP/1.1\r\n");
  if (!has_header(m.headers, "Host")) head.append("Host: " + url.authority + "\r\n");
  for (const auto& [name, value] : m.headers) {
    head.append(name);
    head.append(": ");
    head.append(value);
    head.append("\r\n");
  }
  if (!m.body.empty() || m.sends_length) {
    head.append("Content-Length: ");
    if (m.body.is_static()) {
      head.append(std::to_string(m.body.text().size()));
    } else {
      head.append(Template::Piece::Kind::length);
    }
    head.append("\r\n");
  }
  head.append("\r\n");
  request.rendered = !head.is_static() || !m.body.is_static();
  if (request.rendered) {
    request.http1_head = std::move(head);
  } else {
    request.bytes.append(head.text()).append(m.body.text());
  }
  request.message = std::move(message);
  return request;
}

}  // namespace http
