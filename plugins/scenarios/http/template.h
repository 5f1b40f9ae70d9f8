// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// How a value is written where it is put in.
enum class Encoding : std::uint8_t {
  text,    // as it is
  url,     // percent-encoded, all but letters, digits and -._~
  header,  // as it is; a control character is refused
  json,    // inside a JSON text escaped, elsewhere a JSON value
};

/// A text with places to fill in, compiled once: {{field}} of the feeder's record, {{$seq}},
/// {{$uuid}}, {{$session}}, {{$random:A-B}}. {{{{ stands for {{.
class Template {
 public:
  struct Piece {
    enum class Kind : std::uint8_t { literal, field, seq, uuid, session, random, trace, length };
    Kind kind = Kind::literal;
    Encoding encoding = Encoding::text;
    bool in_text = false;   // with Encoding::json: between quotes
    std::string text;       // of the literal, or the field's name
    std::uint64_t low = 0;  // of random
    std::uint64_t high = 0;
  };

  Template() = default;
  /// Throws ordeal::Failure (invalid) that says what is wrong with a place.
  Template(std::string_view text, Encoding encoding);

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  /// Nothing is to be filled in: the same each time.
  [[nodiscard]] bool is_static() const;
  /// The text of a static one.
  [[nodiscard]] std::string_view text() const;
  /// The literal parts with an 'x' in each place.
  [[nodiscard]] std::string sample() const;

  void append(std::string_view literal);
  void append(Piece::Kind kind);
  void append(const Template& other);

 private:
  std::vector<Piece> pieces_;  // two literals never follow each other
};

}  // namespace http
