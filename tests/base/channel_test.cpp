// SPDX-License-Identifier: Apache-2.0
#include "base/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <string_view>

#include "base/frame.h"

using namespace ordeal;

namespace {

constexpr int patience_ms = 10'000;

std::pair<Channel, Channel> channels() {
  auto pair = Channel::pair();
  BOOST_TEST_REQUIRE(!!pair);
  return std::move(pair).value();
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  return bytes;
}

Message receive_one(Channel& channel) {
  auto message = channel.receive_for(patience_ms);
  BOOST_TEST_REQUIRE(!!message, (message ? "" : message.error().line()));
  BOOST_TEST_REQUIRE(message->has_value());
  return std::move(*message.value());
}

/// Sends a packet that Channel would not send.
void send_raw(const Channel& channel, std::span<const std::byte> packet) {
  BOOST_TEST_REQUIRE(::send(channel.fd(), packet.data(), packet.size(), MSG_NOSIGNAL) ==
                     static_cast<ssize_t>(packet.size()));
}

std::string what_receiving(Channel& channel) {
  auto message = channel.receive_for(patience_ms);
  return message ? "no error" : message.error().what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(channel)

BOOST_AUTO_TEST_CASE(messages_keep_their_order_type_and_content) {
  auto [a, b] = channels();
  BOOST_TEST(!!a.send(7, bytes_of("seven")));
  BOOST_TEST(!!a.send(8, {}));
  BOOST_TEST(!!a.send(9, bytes_of("nine")));
  const auto first = receive_one(b);
  BOOST_TEST(first.type == 7);
  BOOST_TEST(first.payload.size() == 5u);
  BOOST_TEST(std::memcmp(first.payload.data(), "seven", 5) == 0);
  BOOST_TEST(first.sender_pid == 0);
  const auto second = receive_one(b);
  BOOST_TEST(second.type == 8);
  BOOST_TEST(second.payload.empty());
  BOOST_TEST(receive_one(b).type == 9);
  auto none = b.receive();
  BOOST_TEST_REQUIRE(!!none);
  BOOST_TEST(!none->has_value());
  auto late = b.receive_for(10);
  BOOST_TEST_REQUIRE(!!late);
  BOOST_TEST(!late->has_value());
}

BOOST_AUTO_TEST_CASE(messages_of_every_size_around_a_frame_arrive_whole) {
  auto [a, b] = channels();
  for (const std::size_t size : {frame_payload_max - 1, frame_payload_max, frame_payload_max + 1,
                                 2 * frame_payload_max, std::size_t{1'000'000}}) {
    BOOST_TEST_CONTEXT("size " << size) {
      const auto sent = pattern(size);
      BOOST_TEST_REQUIRE(!!a.send(3, sent));
      // The socket may hold less than the message: both ends take turns.
      std::optional<Message> got;
      while (!got) {
        BOOST_TEST_REQUIRE(!!a.flush());
        auto message = b.receive();
        BOOST_TEST_REQUIRE(!!message);
        got = std::move(message.value());
      }
      BOOST_TEST(got->type == 3);
      BOOST_TEST((got->payload == sent));
      BOOST_TEST(!a.pending());
    }
  }
}

BOOST_AUTO_TEST_CASE(descriptors_arrive_with_their_message_in_order) {
  auto [a, b] = channels();
  std::array<std::array<int, 2>, 2> pipes{};
  for (auto& ends : pipes) BOOST_TEST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const std::array<int, 2> fds{pipes[0][1], pipes[1][1]};
  BOOST_TEST_REQUIRE(!!a.send(1, pattern(2 * frame_payload_max), fds));
  BOOST_TEST_REQUIRE(!!a.send(2, {}));
  for (const int fd : fds) ::close(fd);

  const auto message = receive_one(b);
  BOOST_TEST_REQUIRE(message.fds.size() == 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const char text = static_cast<char>('0' + i);
    BOOST_TEST((::fcntl(message.fds[i].get(), F_GETFD) & FD_CLOEXEC) != 0);
    BOOST_TEST(::write(message.fds[i].get(), &text, 1) == 1);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    char text = 0;
    BOOST_TEST(::read(pipes[i][0], &text, 1) == 1);
    BOOST_TEST(text == static_cast<char>('0' + i));
    ::close(pipes[i][0]);
  }
  BOOST_TEST(receive_one(b).fds.empty());
  const std::array<int, 9> too_many{0, 0, 0, 0, 0, 0, 0, 0, 0};
  BOOST_TEST(!a.send(1, {}, too_many));
}

BOOST_AUTO_TEST_CASE(the_senders_pid_comes_from_the_kernel) {
  auto [a, b] = channels();
  BOOST_TEST_REQUIRE(!!b.want_credentials());
  BOOST_TEST_REQUIRE(!!a.send(1, bytes_of("mine")));
  BOOST_TEST(receive_one(b).sender_pid == ::getpid());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(a.send(1, bytes_of("a child's")) ? 0 : 1);
  const auto message = receive_one(b);
  BOOST_TEST(message.sender_pid == child);
  int status = 0;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(a_slow_peer_makes_frames_wait_and_loses_none) {
  auto [a, b] = channels();
  int pipe[2];
  BOOST_TEST_REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const auto part = pattern(50'000);
  std::uint16_t sent = 0;
  while (!a.pending()) BOOST_TEST_REQUIRE(!!a.send(sent++, part));
  BOOST_TEST_REQUIRE(!!a.send(sent++, part, std::span(pipe, 1)));  // waits: duplicated
  ::close(pipe[0]);
  BOOST_TEST(a.pending_bytes() >= part.size());
  BOOST_TEST_REQUIRE(!!a.flush());
  BOOST_TEST(a.pending());  // nobody has read anything

  std::uint16_t got = 0;
  while (got < sent) {
    BOOST_TEST_REQUIRE(!!a.flush());
    auto message = b.receive();
    BOOST_TEST_REQUIRE(!!message);
    if (!message->has_value()) continue;
    BOOST_TEST_REQUIRE(message.value()->type == got);
    BOOST_TEST_REQUIRE((message.value()->payload == part));
    ++got;
    if (got == sent) {
      BOOST_TEST_REQUIRE(message.value()->fds.size() == 1u);
      BOOST_TEST(::write(pipe[1], "x", 1) == 1);
      char c = 0;
      BOOST_TEST(::read(message.value()->fds[0].get(), &c, 1) == 1);
    }
  }
  ::close(pipe[1]);
  BOOST_TEST(!a.pending());
  BOOST_TEST(a.pending_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_closed_peer_is_told_after_its_last_message) {
  auto [a, b] = channels();
  BOOST_TEST_REQUIRE(!!a.send(5, bytes_of("last words")));
  // Unread data at the closing end: the kernel then reports a reset before the last words.
  BOOST_TEST_REQUIRE(!!b.send(6, bytes_of("never read")));
  a = Channel();
  BOOST_TEST(receive_one(b).type == 5);
  BOOST_TEST(what_receiving(b) == "closed");
  BOOST_TEST(what_receiving(b) == "closed");
  const auto sent = b.send(1, bytes_of("x"));
  BOOST_TEST_REQUIRE(!sent);
  BOOST_TEST(sent.error().what == "closed");
  BOOST_TEST(!Channel().send(1, {}));
  Channel nothing;
  BOOST_TEST(!nothing.receive());
}

BOOST_AUTO_TEST_CASE(last_words_are_read_though_ours_can_no_longer_be_sent) {
  auto [a, b] = channels();
  while (!b.pending()) BOOST_TEST_REQUIRE(!!b.send(6, pattern(50'000)));
  BOOST_TEST_REQUIRE(!!a.send(5, bytes_of("last words")));
  a = Channel();
  BOOST_TEST(receive_one(b).type == 5);
  BOOST_TEST(what_receiving(b) == "closed");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_frame_is_refused) {
  const auto frame = [](auto change, std::size_t payload = 4) {
    FrameHeader header;
    header.message = 1;
    change(header);
    std::vector<std::byte> bytes(sizeof header + payload);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  };
  const auto refused = [](std::vector<std::vector<std::byte>> packets) {
    auto [a, b] = channels();
    for (const auto& packet : packets) send_raw(a, packet);
    return what_receiving(b);
  };
  BOOST_TEST(refused({pattern(3)}) == "a packet too short to be a frame");
  BOOST_TEST(refused({pattern(100)}) == "a packet that is not a frame of version 1");
  BOOST_TEST(refused({frame([](auto& h) { h.version = 2; })}) ==
             "a packet that is not a frame of version 1");
  BOOST_TEST(refused({frame([](auto&) {}, frame_max)}) == "a packet that did not arrive whole");
  const auto first = frame([](auto& h) { h.more = 1; });
  const auto continued = "a frame that does not continue its message";
  BOOST_TEST(refused({frame([](auto& h) { h.chunk = 1; })}) == continued);
  BOOST_TEST(refused({first, frame([](auto& h) { h.chunk = 2; })}) == continued);
  BOOST_TEST(refused({first, first}) == continued);
  BOOST_TEST(refused({first, frame([](auto& h) { h.chunk = 1, h.type = 9; })}) == continued);
  // Messages begun and never ended must not pile up.
  std::vector<std::vector<std::byte>> begun;
  for (std::uint32_t i = 0; i < 17; ++i)
    begun.push_back(frame([&](auto& h) { h.message = i, h.more = 1; }));
  BOOST_TEST(refused(begun) == "more than a message may hold");
}

BOOST_AUTO_TEST_SUITE_END()
