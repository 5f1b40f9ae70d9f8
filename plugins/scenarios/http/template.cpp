// SPDX-License-Identifier: Apache-2.0
#include "template.h"

#include <charconv>

#include "ordeal/component.hpp"

namespace http {

namespace {

using Piece = Template::Piece;

[[noreturn]] void refuse(std::string_view place, const std::string& why) {
  throw ordeal::Failure(ORDEAL_E_INVALID, "'{{" + std::string(place) + "}}': " + why);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

Piece place(std::string_view inside) {
  const std::string_view name = trimmed(inside);
  Piece piece;
  if (name.empty()) refuse(inside, "no name; a literal '{{' is written '{{{{'");
  if (name[0] != '$') {
    piece.kind = Piece::Kind::field;
    piece.text = name;
    return piece;
  }
  if (name == "$seq") {
    piece.kind = Piece::Kind::seq;
  } else if (name == "$uuid") {
    piece.kind = Piece::Kind::uuid;
  } else if (name == "$session") {
    piece.kind = Piece::Kind::session;
  } else if (name.starts_with("$random:")) {
    piece.kind = Piece::Kind::random;
    const std::string_view range = name.substr(8);
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos || !number(range.substr(0, dash), piece.low) ||
        !number(range.substr(dash + 1), piece.high) || piece.low > piece.high)
      refuse(inside, "expected $random:A-B with whole numbers, A not above B");
  } else {
    refuse(inside, "expected a field's name, $seq, $uuid, $session or $random:A-B");
  }
  return piece;
}

// Whether a JSON text is inside a string at its end, given whether it was at its beginning.
bool ends_in_text(std::string_view literal, bool in_text) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (in_text && literal[i] == '\\') {
      ++i;
    } else if (literal[i] == '"') {
      in_text = !in_text;
    }
  }
  return in_text;
}

}  // namespace

Template::Template(std::string_view text, Encoding encoding) {
  std::size_t literal_from = 0;  // in pieces_: the string's state is known up to there
  bool in_text = false;
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    append(text.substr(0, open));
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 2);
    if (text.starts_with("{{")) {
      append("{{");
      text.remove_prefix(2);
      continue;
    }
    const std::size_t close = text.find("}}");
    if (close == std::string_view::npos)
      refuse(text.substr(0, 20), "no '}}' follows; a literal '{{' is written '{{{{'");
    Piece piece = place(text.substr(0, close));
    piece.encoding = encoding;
    if (encoding == Encoding::json) {
      if (literal_from < pieces_.size() && pieces_.back().kind == Piece::Kind::literal)
        in_text = ends_in_text(pieces_.back().text, in_text);
      piece.in_text = in_text;
    }
    pieces_.push_back(std::move(piece));
    literal_from = pieces_.size();
    text.remove_prefix(close + 2);
  }
}

bool Template::is_static() const {
  return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].kind == Piece::Kind::literal);
}

std::string_view Template::text() const {
  return pieces_.empty() ? std::string_view() : std::string_view(pieces_[0].text);
}

std::string Template::sample() const {
  std::string text;
  for (const Piece& piece : pieces_)
    piece.kind == Piece::Kind::literal ? text.append(piece.text) : text.append("x");
  return text;
}

void Template::append(std::string_view literal) {
  if (literal.empty()) return;
  if (!pieces_.empty() && pieces_.back().kind == Piece::Kind::literal) {
    pieces_.back().text.append(literal);
    return;
  }
  Piece piece;
  piece.text = literal;
  pieces_.push_back(std::move(piece));
}

void Template::append(Piece::Kind kind) {
  Piece piece;
  piece.kind = kind;
  pieces_.push_back(std::move(piece));
}

void Template::append(const Template& other) {
  for (const Piece& piece : other.pieces_) {
    if (piece.kind == Piece::Kind::literal) {
      append(piece.text);
    } else {
      pieces_.push_back(piece);
    }
  }
}

}  // namespace http
