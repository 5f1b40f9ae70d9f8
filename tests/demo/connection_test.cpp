// SPDX-License-Identifier: Apache-2.0
#include "demo/connection.h"

#include <sys/socket.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

using ordeal::UniqueFd;
using ordeal::demo::Connection;
using ordeal::demo::Request;

namespace {

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) ==
                  0);
    client.reset(fds[0]);
    connection = std::make_unique<Connection>(UniqueFd(fds[1]));
  }
  void feed(std::string_view text) { connection->feed({text.data(), text.size()}); }
  std::string received() {
    std::array<char, 4096> bytes{};
    const ssize_t n = recv(client.get(), bytes.data(), bytes.size(), 0);
    return n > 0 ? std::string(bytes.data(), static_cast<std::size_t>(n)) : std::string();
  }
  UniqueFd client;
  std::unique_ptr<Connection> connection;
};

Request::Kind kind_of(std::string_view text) {
  Pair pair;
  pair.feed(text);
  BOOST_REQUIRE_EQUAL(pair.connection->requests().size(), 1u);
  return pair.connection->requests().front().kind;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connection)

BOOST_AUTO_TEST_CASE(requests_are_told_apart) {
  using Kind = Request::Kind;
  BOOST_TEST((kind_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == Kind::work));
  BOOST_TEST((kind_of("GET /?a=1 HTTP/1.1\r\nHost: x\r\n\r\n") == Kind::work));
  BOOST_TEST((kind_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi") == Kind::work));
  BOOST_TEST((kind_of("GET /status HTTP/1.1\r\nHost: x\r\n\r\n") == Kind::status));
  BOOST_TEST((kind_of("POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n") ==
              Kind::not_allowed));
  BOOST_TEST((kind_of("GET /other HTTP/1.1\r\nHost: x\r\n\r\n") == Kind::not_found));
  BOOST_TEST(
      (kind_of("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n") == Kind::not_allowed));
  BOOST_TEST((kind_of("garbage\r\n\r\n") == Kind::bad));
  BOOST_TEST((kind_of("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n") == Kind::bad));
}

BOOST_AUTO_TEST_CASE(pipelined_requests_keep_their_order) {
  Pair pair;
  pair.feed("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /status HTTP/1.1\r\nHost: x\r\n\r\nGET /n HT");
  BOOST_REQUIRE_EQUAL(pair.connection->requests().size(), 2u);
  pair.feed("TP/1.1\r\nHost: x\r\n\r\n");
  BOOST_REQUIRE_EQUAL(pair.connection->requests().size(), 3u);
  BOOST_TEST((pair.connection->requests()[2].kind == Request::Kind::not_found));
  pair.connection->answer(200, "OK", "text/plain", "one");
  pair.connection->answer(201, "Created", "text/plain", "two");
  BOOST_TEST(pair.connection->flush());
  const std::string text = pair.received();
  BOOST_TEST(text.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(text.find("one") < text.find("HTTP/1.1 201"));
  BOOST_TEST(!pair.connection->finished());
}

BOOST_AUTO_TEST_CASE(close_is_honoured_and_what_follows_ignored) {
  Pair pair;
  pair.feed("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  BOOST_REQUIRE_EQUAL(pair.connection->requests().size(), 1u);
  BOOST_TEST(!pair.connection->wants_input());
  pair.connection->answer(200, "OK", "text/plain", "x");
  BOOST_TEST(pair.connection->flush());
  BOOST_TEST(pair.received().find("Connection: close") != std::string::npos);
  BOOST_TEST(pair.connection->finished());
}

BOOST_AUTO_TEST_CASE(head_is_answered_without_a_body) {
  Pair pair;
  pair.feed("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  pair.connection->answer(200, "OK", "text/plain", "body");
  BOOST_TEST(pair.connection->flush());
  const std::string text = pair.received();
  BOOST_TEST(text.find("Content-Length: 4") != std::string::npos);
  BOOST_TEST(text.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(endless_headers_are_cut_off) {
  Pair pair;
  pair.feed("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 200 && pair.connection->wants_input(); ++i)
    pair.feed("X-" + std::to_string(i) + ": " + std::string(1000, 'a') + "\r\n");
  BOOST_REQUIRE_EQUAL(pair.connection->requests().size(), 1u);
  BOOST_TEST((pair.connection->requests().front().kind == Request::Kind::bad));
}

BOOST_AUTO_TEST_CASE(a_client_that_left_is_noticed) {
  Pair pair;
  pair.feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  pair.client.reset();
  pair.connection->answer(200, "OK", "text/plain", "x");
  BOOST_TEST(!pair.connection->flush());
}

BOOST_AUTO_TEST_SUITE_END()
