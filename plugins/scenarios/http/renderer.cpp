// SPDX-License-Identifier: Apache-2.0
#include "renderer.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <random>

#include "codes.h"
#include "request.h"

namespace http {

namespace json = boost::json;

namespace {

using Piece = Template::Piece;

constexpr char hex_digits[] = "0123456789abcdef";

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) out.push_back(hex_digits[(value >> (4 * i)) & 15]);
}

void append_url(std::string& out, std::string_view value) {
  for (const char c : value) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back("0123456789ABCDEF"[byte >> 4]);
    out.push_back("0123456789ABCDEF"[byte & 15]);
  }
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < ' ') {
      out.append("\\u00");
      append_hex(out, static_cast<unsigned char>(c), 2);
    } else {
      out.push_back(c);
    }
  }
}

bool fits_header(std::string_view value) {
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return false;
  return true;
}

// A value as a person would write it: a text without quotes, nothing for null.
void append_plain(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      break;
    case json::kind::string:
      out.append(value.get_string().data(), value.get_string().size());
      break;
    case json::kind::int64:
      append_number(out, value.get_int64());
      break;
    case json::kind::uint64:
      append_number(out, value.get_uint64());
      break;
    case json::kind::double_:
      append_number(out, value.get_double());
      break;
    case json::kind::bool_:
      out.append(value.get_bool() ? "true" : "false");
      break;
    case json::kind::array:
    case json::kind::object:
      out.append(json::serialize(value));
      break;
  }
}

}  // namespace

// The record of the operation, parsed into memory that is used again for the next one.
class Renderer::Record {
 public:
  Record()
      : memory_(buffer_.data(), buffer_.size()), parser_({}, {}, stack_.data(), stack_.size()) {}

  void forget() {
    if (!value_) return;
    value_.reset();
    memory_.release();
  }
  [[nodiscard]] bool read() const { return value_.has_value(); }
  void read(std::string_view text) {
    parser_.reset(&memory_);
    json::error_code error;
    parser_.write(text.data(), text.size(), error);
    // Nothing in it may outlive the memory, so the value itself lives there, too.
    if (error) {
      parser_.reset();
      value_.emplace(json::object(&memory_));
    } else {
      value_.emplace(parser_.release());
    }
  }
  [[nodiscard]] const json::value* find(std::string_view name) const {
    const json::object* object = value_->if_object();
    return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
  }

 private:
  std::array<unsigned char, 8 * 1024> buffer_;
  std::array<unsigned char, 1024> stack_;
  json::monotonic_resource memory_;
  json::parser parser_;
  std::optional<json::value> value_;
};

Renderer::Renderer(std::uint64_t seed, bool sampled)
    : random_state_(seed), sampled_(sampled), record_(std::make_unique<Record>()) {
  if (seed == 0) {
    std::random_device device;
    random_state_ = std::uint64_t{device()} << 32 | device();
  }
}

Renderer::~Renderer() = default;

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t Renderer::random() {
  random_state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = random_state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void Renderer::begin(std::string_view record, std::uint32_t session) {
  record_->forget();
  record_text_ = record;
  session_ = session;
  ++seq_;
}

std::int64_t Renderer::append_field(const Piece& piece, std::string& out) {
  if (!record_->read()) record_->read(record_text_);
  const json::value* value = record_->find(piece.text);
  if (value == nullptr) return code_no_field;
  if (piece.encoding == Encoding::json && !piece.in_text) {
    if (value->is_string()) {
      out.push_back('"');
      append_escaped(out, {value->get_string().data(), value->get_string().size()});
      out.push_back('"');
    } else if (value->is_null()) {
      out.append("null");
    } else {
      append_plain(out, *value);
    }
    return 0;
  }
  if (piece.encoding == Encoding::text) {
    append_plain(out, *value);
    return 0;
  }
  std::string_view text;
  if (value->is_string()) {
    text = {value->get_string().data(), value->get_string().size()};
  } else {
    value_.clear();
    append_plain(value_, *value);
    text = value_;
  }
  if (piece.encoding == Encoding::url) {
    append_url(out, text);
  } else if (piece.encoding == Encoding::json) {
    append_escaped(out, text);
  } else {
    if (!fits_header(text)) return code_unsendable;
    out.append(text);
  }
  return 0;
}

std::int64_t Renderer::append(const Template& from, std::string& out) {
  for (const Piece& piece : from.pieces()) {
    // What stands for a text where JSON wants a value is a text there.
    const bool quoted =
        piece.encoding == Encoding::json && !piece.in_text && piece.kind == Piece::Kind::uuid;
    switch (piece.kind) {
      case Piece::Kind::literal:
        out.append(piece.text);
        break;
      case Piece::Kind::field:
        if (const std::int64_t code = append_field(piece, out); code != 0) return code;
        break;
      case Piece::Kind::seq:
        append_number(out, seq_);
        break;
      case Piece::Kind::session:
        append_number(out, session_);
        break;
      case Piece::Kind::length:
        append_number(out, body_.size());
        break;
      case Piece::Kind::random: {
        const std::uint64_t values = piece.high - piece.low + 1;  // 0: all there are
        append_number(out, values == 0 ? random() : piece.low + random() % values);
        break;
      }
      case Piece::Kind::uuid: {
        const std::uint64_t high = (random() & ~std::uint64_t{0xf000}) | 0x4000;
        const std::uint64_t low = (random() & (~std::uint64_t{0} >> 2)) | std::uint64_t{1} << 63;
        if (quoted) out.push_back('"');
        append_hex(out, high >> 32, 8);
        out.push_back('-');
        append_hex(out, high >> 16, 4);
        out.push_back('-');
        append_hex(out, high, 4);
        out.push_back('-');
        append_hex(out, low >> 48, 4);
        out.push_back('-');
        append_hex(out, low, 12);
        if (quoted) out.push_back('"');
        break;
      }
      case Piece::Kind::trace:  // W3C Trace Context; an id of zeros would be invalid
        out.append("00-");
        append_hex(out, random(), 16);
        append_hex(out, random() | 1, 16);
        out.push_back('-');
        append_hex(out, random() | 1, 16);
        out.append(sampled_ ? "-01" : "-00");
        break;
    }
  }
  return 0;
}

std::int64_t Renderer::render(const Request& request, std::string& out) {
  out.clear();
  body_.clear();
  const Template& body = request.message->body;
  if (const std::int64_t code = append(body, body_); code != 0) return code;
  if (const std::int64_t code = append(request.http1_head, out); code != 0) return code;
  out.append(body_);
  return 0;
}

}  // namespace http
