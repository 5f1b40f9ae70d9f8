// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <strings.h>

#include <algorithm>

#include "ordeal/component.hpp"

namespace http {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool has(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return same_name(header.first, name); });
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void set_header(Headers& headers, std::string_view name, std::string_view value) {
  if (!is_token(name))
    throw ordeal::Failure(ORDEAL_E_INVALID,
                          "header '" + std::string(name) + "': not a header name");
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
      throw ordeal::Failure(ORDEAL_E_INVALID, "header '" + std::string(name) +
                                                  "': its value holds a control character");
  // The body's length is ours to know, and chunked requests are not made.
  if (same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding"))
    throw ordeal::Failure(ORDEAL_E_INVALID, "header '" + std::string(name) +
                                                "': follows from the body, leave it out");
  std::erase_if(headers, [&](const auto& header) { return same_name(header.first, name); });
  headers.emplace_back(name, value);
}

Request build_request(const Url& url, std::string_view method, std::string_view path,
                      Headers headers, std::string_view body, const StatusSet& expected) {
  Request request;
  request.head = method == "HEAD";
  request.expected = expected;
  std::string& out = request.bytes;
  out.append(method).append(" ").append(url.path).append(path).append(" HTTP/1.1\r\n");
  if (!has(headers, "Host")) out.append("Host: ").append(url.authority).append("\r\n");
  if (!has(headers, "User-Agent")) out.append("User-Agent: ordeal\r\n");
  for (const auto& [name, value] : headers)
    out.append(name).append(": ").append(value).append("\r\n");
  const bool wants_length = method == "POST" || method == "PUT" || method == "PATCH";
  if (!body.empty() || wants_length)
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  out.append("\r\n").append(body);
  return request;
}

}  // namespace http
