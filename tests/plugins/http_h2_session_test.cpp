// SPDX-License-Identifier: Apache-2.0
// What becomes of operations by what the server's bytes say, without a network.
#include <boost/test/unit_test.hpp>

#include "plugins/h2_parsing.h"
#include "scenarios/http/h2_codes.h"

using namespace std::string_literals;
using Fate = H2Parsing::Fate;

namespace {

constexpr std::uint8_t end_stream = NGHTTP2_FLAG_END_STREAM;
constexpr std::uint8_t end_headers = NGHTTP2_FLAG_END_HEADERS;
constexpr char ok[] = "\x88";  // :status 200, as HPACK has it

http::Message get(const std::string& method = "GET") {
  http::Message message;
  message.method = method;
  for (std::size_t code = 200; code < 300; ++code) message.expect.status.set(code);
  return message;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  return H2Parsing::frame(type, flags, stream, payload);
}
std::string headers(std::uint32_t stream, std::string_view block, std::uint8_t flags = 0) {
  return frame(NGHTTP2_HEADERS, flags | end_headers, stream, block);
}
std::string data(std::uint32_t stream, std::string_view body, std::uint8_t flags = 0) {
  return frame(NGHTTP2_DATA, flags, stream, body);
}
// Not indexed, by the number of a name in HPACK's table.
std::string field(std::uint8_t index, const std::string& value) {
  const std::string name = index < 15 ? std::string(1, static_cast<char>(index))
                                      : "\x0f" + std::string(1, static_cast<char>(index - 15));
  return name + static_cast<char>(value.size()) + value;
}
std::string status(const std::string& code) { return field(8, code); }
std::string content_length(const std::string& size) { return field(28, size); }

// One operation answered with `bytes`, cut at each place and at all of them.
void same_however_cut(const std::string& bytes, const Fate& expected,
                      const http::Message& message = get(), bool bytewise = true) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    H2Parsing parsing(message, 1);
    BOOST_TEST_REQUIRE(parsing.feed(H2Parsing::preface()));
    const std::uint64_t id = parsing.issue();
    parsing.take();
    if (cut == bytes.size() && bytewise) {
      for (const char& one : bytes) parsing.feed({&one, 1});
    } else {
      parsing.feed(std::string_view(bytes).substr(0, cut));
      parsing.feed(std::string_view(bytes).substr(cut));
    }
    parsing.take();  // a reset of ours ends a stream when it is sent
    if (parsing.session().broken())
      parsing.session().end_streams(ORDEAL_OUTCOME_PROTOCOL, http::h2_code(NGHTTP2_PROTOCOL_ERROR));
    BOOST_TEST_REQUIRE(parsing.ended(id), "cut at " << cut);
    BOOST_TEST_REQUIRE(parsing.fate(id) == expected, "cut at " << cut << ": " << parsing.fate(id));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_h2_session)

BOOST_AUTO_TEST_CASE(answers_in_pieces) {
  same_however_cut(headers(1, ok, end_stream), {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(headers(1, ok) + data(1, "hel") + data(1, "lo", end_stream),
                   {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(headers(1, status("103")) + headers(1, status("404"), end_stream),
                   {ORDEAL_OUTCOME_FAIL, 404});
  same_however_cut(headers(1, status("429")) + data(1, "", end_stream),
                   {ORDEAL_OUTCOME_THROTTLED, 429});
  // Trailers, a frame of a kind nobody knows, padding, headers in two frames.
  same_however_cut(headers(1, ok) + data(1, "x") + headers(1, field(28, "1"), end_stream),
                   {ORDEAL_OUTCOME_OK, 200});
  // nghttp2 takes each piece of a CONTINUATION's head for one more of them, and eight are too many.
  const std::string block = ok + field(33, "today");
  same_however_cut(frame(NGHTTP2_HEADERS, end_stream, 1, block.substr(0, 3)) +
                       frame(NGHTTP2_CONTINUATION, end_headers, 1, block.substr(3)),
                   {ORDEAL_OUTCOME_OK, 200}, get(), false);
  same_however_cut(frame(0x77, 0xff, 1, "?") + headers(1, ok) +
                       data(1, "\3abc\0\0\0"s, NGHTTP2_FLAG_PADDED | end_stream),
                   {ORDEAL_OUTCOME_OK, 200});
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_stream_before_it_is_one) {
  for (const std::string& early :
       {frame(NGHTTP2_PRIORITY, 0, 1, "\0\0\0\0\5"s), frame(0x77, 0xff, 1, "?")}) {
    H2Parsing parsing(get(), 1);
    BOOST_TEST_REQUIRE(parsing.feed(H2Parsing::preface() + early));
    const std::uint64_t id = parsing.issue();
    parsing.take();
    BOOST_TEST(parsing.feed(headers(1, ok, end_stream)));
    BOOST_TEST_REQUIRE(parsing.ended(id));
    BOOST_TEST(parsing.fate(id) == (Fate{ORDEAL_OUTCOME_OK, 200}));
  }
}

BOOST_AUTO_TEST_CASE(content_length_must_be_true) {
  same_however_cut(headers(1, status("304") + content_length("3"), end_stream),
                   {ORDEAL_OUTCOME_FAIL, 304});
  same_however_cut(headers(1, ok + content_length("3")) + data(1, "abc", end_stream),
                   {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(headers(1, ok + content_length("3")) + data(1, "ab", end_stream),
                   {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(headers(1, ok + content_length("3")) + data(1, "abcd", end_stream),
                   {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(headers(1, ok + content_length("3"), end_stream), {ORDEAL_OUTCOME_OK, 200},
                   get("HEAD"));
}

BOOST_AUTO_TEST_CASE(answers_that_are_none) {
  same_however_cut(headers(1, field(33, "no status"), end_stream), {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(headers(1, status("20"), end_stream), {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(headers(1, status("101"), end_stream), {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(data(1, "x", end_stream), {ORDEAL_OUTCOME_PROTOCOL, 931});
  same_however_cut(frame(NGHTTP2_RST_STREAM, 0, 1, H2Parsing::number(7)),
                   {ORDEAL_OUTCOME_REFUSED, 937});
  same_however_cut(headers(1, ok) + frame(NGHTTP2_RST_STREAM, 0, 1, H2Parsing::number(0)),
                   {ORDEAL_OUTCOME_REFUSED, 930});
}

BOOST_AUTO_TEST_CASE(goaway_names_the_last_stream) {
  H2Parsing parsing(get(), 4);
  BOOST_TEST(!parsing.session().settled());
  parsing.feed(H2Parsing::preface());
  BOOST_TEST(parsing.session().settled());
  const std::uint64_t first = parsing.issue();
  const std::uint64_t second = parsing.issue();
  parsing.take();
  BOOST_TEST(parsing.session().on_streams() == 2u);
  const std::uint64_t unsent = parsing.issue();
  parsing.feed(frame(NGHTTP2_GOAWAY, 0, 0, H2Parsing::number(1) + H2Parsing::number(0)));
  BOOST_TEST(parsing.session().draining());
  BOOST_TEST(!parsing.ended(first));
  BOOST_TEST(parsing.fate(second) == (Fate{ORDEAL_OUTCOME_REFUSED, 937}));
  parsing.take();
  BOOST_TEST(!parsing.ended(unsent));
  BOOST_TEST(parsing.session().any_waiting());
  parsing.feed(headers(1, ok, end_stream));
  BOOST_TEST(parsing.fate(first) == (Fate{ORDEAL_OUTCOME_OK, 200}));
  // The next connection sends what waited.
  BOOST_TEST(parsing.session().start());
  parsing.feed(H2Parsing::preface());
  parsing.take();
  parsing.feed(headers(1, ok, end_stream));
  BOOST_TEST(parsing.fate(unsent) == (Fate{ORDEAL_OUTCOME_OK, 200}));
}

BOOST_AUTO_TEST_CASE(stream_numbers_run_out) {
  H2Parsing parsing(get(), 4);
  parsing.feed(H2Parsing::preface());
  parsing.session().set_next_stream(0x7ffffffd);
  const std::uint64_t a = parsing.issue();
  const std::uint64_t b = parsing.issue();
  const std::uint64_t c = parsing.issue();
  parsing.take();
  BOOST_TEST(parsing.session().on_streams() == 2u);
  BOOST_TEST(parsing.session().draining());
  parsing.feed(headers(0x7ffffffd, ok, end_stream) + headers(0x7fffffff, ok, end_stream));
  BOOST_TEST(parsing.fate(a) == (Fate{ORDEAL_OUTCOME_OK, 200}));
  BOOST_TEST(parsing.fate(b) == (Fate{ORDEAL_OUTCOME_OK, 200}));
  BOOST_TEST(!parsing.ended(c));
  BOOST_TEST(parsing.session().goaway() == 0u);
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_end_is_ignored) {
  H2Parsing parsing(get(), 1);
  parsing.feed(H2Parsing::preface());
  const std::uint64_t given_up = parsing.issue();
  parsing.take();
  parsing.cancel_oldest();
  const std::uint64_t next = parsing.issue();  // the same slot, before the reset was sent
  BOOST_TEST(parsing.feed(headers(1, status("500"))));
  BOOST_TEST(!parsing.ended(next));
  const std::string sent = parsing.take();
  BOOST_TEST(sent.find(frame(NGHTTP2_RST_STREAM, 0, 1, H2Parsing::number(NGHTTP2_CANCEL))) !=
             std::string::npos);
  BOOST_TEST(parsing.feed(data(1, "late", end_stream)));
  BOOST_TEST(parsing.feed(headers(3, ok, end_stream)));
  BOOST_TEST(parsing.fate(given_up) == (Fate{ORDEAL_OUTCOME_CANCELLED, 0}));
  BOOST_TEST(parsing.fate(next) == (Fate{ORDEAL_OUTCOME_OK, 200}));
}

BOOST_AUTO_TEST_CASE(floods_end_the_connection) {
  const std::string floods[] = {frame(NGHTTP2_SETTINGS, 0, 0, "\0\1\0\0\20\0"s),
                                frame(NGHTTP2_PING, 0, 0, "12345678"),
                                frame(NGHTTP2_CONTINUATION, 0, 1, std::string(16'000, '\0'))};
  for (const std::string& one : floods) {
    H2Parsing parsing(get(), 1);
    parsing.feed(H2Parsing::preface());
    parsing.issue();
    parsing.take();
    if (&one == &floods[2]) parsing.feed(frame(NGHTTP2_HEADERS, 0, 1, ok));
    bool usable = true;
    int fed = 0;
    for (; fed < 100'000 && usable; ++fed) {
      usable = parsing.feed(one) && !(parsing.session().broken());
      if (&one == &floods[2]) parsing.take();
    }
    BOOST_TEST(!usable);
    BOOST_TEST(fed < 2'000);
  }
}

BOOST_AUTO_TEST_SUITE_END()
