// SPDX-License-Identifier: Apache-2.0
// What is filled in, how it is written there, and what cannot be.
#include "scenarios/http/template.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "ordeal/component.hpp"
#include "scenarios/http/codes.h"
#include "scenarios/http/renderer.h"
#include "scenarios/http/request.h"

using namespace http;
namespace json = boost::json;

namespace {

std::string filled(std::string_view text, Encoding encoding, std::string_view record,
                   std::int64_t code = 0) {
  Renderer renderer(1, true);
  renderer.begin(record, 5);
  std::string out;
  BOOST_TEST(renderer.append(Template(text, encoding), out) == code);
  return out;
}

std::string refusal(std::string_view text) {
  try {
    Template compiled(text, Encoding::text);
  } catch (const ordeal::Failure& failure) {
    return failure.what();
  }
  return "";
}

constexpr char record[] =
    R"({"name":"Zoë O'Neil/\"x\"\\","n":7,"f":1.5,"yes":true,"no":null,"a b":"c","list":[1,"2"],"line":"a\nb\u0000"})";

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_template)

BOOST_AUTO_TEST_CASE(fields_in_every_place) {
  BOOST_TEST(filled("[{{name}}]", Encoding::text, record) == "[Zoë O'Neil/\"x\"\\]");
  BOOST_TEST(filled("/u/{{name}}?q={{n}}", Encoding::url, record) ==
             "/u/Zo%C3%AB%20O%27Neil%2F%22x%22%5C?q=7");
  BOOST_TEST(filled("{{name}};{{n}}", Encoding::header, record) == "Zoë O'Neil/\"x\"\\;7");
  BOOST_TEST(
      filled(R"({"a":"{{name}}","b":{{name}},"c":{{n}},"d":"{{n}}","e":{{no}},"f":"\"{{no}}"})",
             Encoding::json, record) ==
      R"({"a":"Zoë O'Neil/\"x\"\\","b":"Zoë O'Neil/\"x\"\\","c":7,"d":"7","e":null,"f":"\""})");
  BOOST_TEST(filled("{{f}} {{yes}} {{no}} {{ a b }} {{list}}", Encoding::text, record) ==
             "1.5 true  c [1,\"2\"]");
  BOOST_TEST(filled("[{{line}}]", Encoding::json, record) == "[\"a\\u000ab\\u0000\"]");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_filled_in) {
  filled("{{missing}}", Encoding::text, record, code_no_field);
  filled("{{name}}", Encoding::text, "", code_no_field);
  filled("{{name}}", Encoding::text, "[1]", code_no_field);
  filled("{{name}}", Encoding::text, "{\"name\":1", code_no_field);
  filled("{{line}}", Encoding::header, record, code_unsendable);
  filled("{{x}}", Encoding::header, R"({"x":"a\rb"})", code_unsendable);
  filled("{{x}}", Encoding::header, R"({"x":"\u007f"})", code_unsendable);
  filled("{{x}}", Encoding::header, R"({"x":"a\tb"})");
}

BOOST_AUTO_TEST_CASE(places_that_are_none) {
  BOOST_TEST(refusal("{{name}} {{{{name}} }} {") == "");
  BOOST_TEST(filled("{{{{name}}}}{ {n} }", Encoding::text, record) == "{{name}}}}{ {n} }");
  for (const char* text : {"{{", "{{}}", "{{ }}", "{{a", "{{$}}", "{{$who}}", "{{$random}}",
                           "{{$random:}}", "{{$random:5}}", "{{$random:5-4}}", "{{$random:-5-4}}",
                           "{{$random:1-99999999999999999999}}", "{{$seq:1}}"})
    BOOST_TEST(refusal(text).find("{{") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(built_in) {
  Renderer renderer(9, false);
  const Template all("{{$seq}} {{$session}} {{$random:3-5}} {{$uuid}}", Encoding::text);
  std::set<std::string> uuids;
  std::set<char> numbers;
  for (int i = 1; i <= 200; ++i) {
    renderer.begin("", 12);
    std::string out;
    BOOST_TEST(renderer.append(all, out) == 0);
    const std::string front = std::to_string(i) + " 12 ";
    BOOST_TEST_REQUIRE(out.starts_with(front));
    BOOST_TEST_REQUIRE(out.size() == front.size() + 2 + 36);
    numbers.insert(out[front.size()]);
    const std::string uuid = out.substr(front.size() + 2);
    BOOST_TEST(uuid[14] == '4');
    BOOST_TEST((uuid[19] == '8' || uuid[19] == '9' || uuid[19] == 'a' || uuid[19] == 'b'));
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) BOOST_TEST(uuid[dash] == '-');
    uuids.insert(uuid);
  }
  BOOST_TEST(uuids.size() == 200u);
  BOOST_TEST((numbers == std::set<char>{'3', '4', '5'}));
  BOOST_TEST(
      filled("{\"id\":{{$uuid}},\"n\":{{$seq}}}", Encoding::json, "").starts_with("{\"id\":\""));
}

BOOST_AUTO_TEST_CASE(seeds) {
  const Template one("{{$uuid}}", Encoding::text);
  const auto first = [&](std::uint64_t seed) {
    Renderer renderer(seed, true);
    renderer.begin("", 0);
    std::string out;
    renderer.append(one, out);
    return out;
  };
  BOOST_TEST(first(1) == first(1));
  BOOST_TEST(first(1) != first(2));
  BOOST_TEST(first(0) != first(0));
}

BOOST_AUTO_TEST_CASE(whole_requests) {
  Message message;
  message.method = "POST";
  set_header(message.headers, "X-Name", "<{{name}}>");
  message.body = Template(R"({"n":{{n}},"s":"{{name}}"})", Encoding::json);
  Template trace;
  trace.append(Template::Piece::Kind::trace);
  message.headers.emplace_back("traceparent", trace);
  const Url url = parse_url("http://127.0.0.1:81/base");
  const Request request = build_request(url, std::make_shared<const Message>(std::move(message)),
                                        Template("/{{name}}", Encoding::url));
  BOOST_TEST(request.rendered);
  BOOST_TEST(request.bytes.empty());
  Renderer renderer(1, true);
  std::string out = "what was there";
  renderer.begin(R"({"name":"ä b","n":10})", 0);
  BOOST_TEST(renderer.render(request, out) == 0);
  const std::size_t at = out.find("00-");
  BOOST_TEST_REQUIRE(at != std::string::npos);
  for (std::size_t i = 0; i < 55; ++i)
    BOOST_TEST(
        (i == 2 || i == 35 || i == 52 ? out[at + i] == '-' : std::isxdigit(out[at + i]) != 0));
  out.replace(at, 55, "TRACE");
  BOOST_TEST(out ==
             "POST /base/%C3%A4%20b HTTP/1.1\r\nHost: 127.0.0.1:81\r\nX-Name: <ä b>\r\n"
             "traceparent: TRACE\r\nContent-Length: 19\r\n\r\n{\"n\":10,\"s\":\"ä b\"}");
  // A record that does not do leaves nothing of it to be sent the next time.
  renderer.begin("{}", 0);
  BOOST_TEST(renderer.render(request, out) == code_no_field);
  renderer.begin(R"({"name":"","n":1})", 0);
  BOOST_TEST(renderer.render(request, out) == 0);
  BOOST_TEST(out.starts_with("POST /base/ HTTP/1.1\r\n"));
  BOOST_TEST(out.ends_with("Content-Length: 14\r\n\r\n{\"n\":1,\"s\":\"\"}"));
}

BOOST_AUTO_TEST_CASE(any_value_survives) {
  std::mt19937 random(11);
  Renderer renderer(1, true);
  const Template in_path("/{{v}}/", Encoding::url);
  const Template in_body(R"({"inside":"-{{v}}-","alone":{{v}},"k{{v}}":1})", Encoding::json);
  for (int round = 0; round < 5'000; ++round) {
    std::string value;
    for (auto n = random() % 20; n > 0; --n) value += static_cast<char>(random() % 128);
    const std::string text = json::serialize(json::object{{"v", value}});
    renderer.begin(text, 0);
    std::string path;
    BOOST_TEST_REQUIRE(renderer.append(in_path, path) == 0);
    BOOST_TEST_REQUIRE(is_request_path(path));
    BOOST_TEST_REQUIRE(unescaped(path) == "/" + value + "/");
    BOOST_TEST_REQUIRE(std::count(path.begin(), path.end(), '/') == 2);
    std::string body;
    BOOST_TEST_REQUIRE(renderer.append(in_body, body) == 0);
    json::error_code error;
    const json::value parsed = json::parse(body, error);
    BOOST_TEST_REQUIRE(!error, body);
    BOOST_TEST_REQUIRE(
        (parsed == json::value{{"inside", "-" + value + "-"}, {"alone", value}, {"k" + value, 1}}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
