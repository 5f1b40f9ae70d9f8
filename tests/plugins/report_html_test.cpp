// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "plugins/rendered.h"

using report_test::contains;
using report_test::fixture;
using report_test::render;
using report_test::replaced;
using report_test::with_drops;

namespace {

std::string page(std::string_view document) {
  auto rendered = render("html", ORDEAL_STAGE_CAMPAIGN, document);
  BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
  BOOST_REQUIRE_EQUAL(rendered.files.count("campaign_report.html"), 1u);
  return rendered.files["campaign_report.html"];
}

constexpr std::string_view data_tag = "<script type=\"application/json\" id=\"series\">";

std::string chart_data(const std::string& html) {
  const std::size_t begin = html.find(data_tag) + data_tag.size();
  return html.substr(begin, html.find("</script>", begin) - begin);
}

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++n;
  return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_html)

BOOST_AUTO_TEST_CASE(one_page_without_a_network) {
  const std::string html = page(fixture("campaign.json"));
  BOOST_TEST(html.size() < 2u * 1024 * 1024);
  BOOST_TEST(html.starts_with("<!DOCTYPE html>"));
  BOOST_TEST(contains(html, "default-src 'none'"));
  for (const char* fetch :
       {"src=\"http", "href=\"http", "url(http", "@import", "<link rel=\"stylesheet"})
    BOOST_TEST(!contains(html, fetch), fetch);
  for (const char* left : {"@STYLE@", "@DATA@", "@APP@", "@CONTENT@", "@UPLOT_JS@", "@TITLE@"})
    BOOST_TEST(!contains(html, left), left);
  BOOST_TEST(contains(html, "Permission is hereby granted"), "uPlot's licence is not in the page");
}

BOOST_AUTO_TEST_CASE(its_parts_come_in_order) {
  const std::string html = page(fixture("campaign.json"));
  std::size_t at = html.find("class=\"verdict bad\"");
  BOOST_REQUIRE(at != std::string::npos);
  for (const char* id :
       {"assertions", "capacity", "baseline", "safety", "drift", "timeline", "load", "latency",
        "phases", "errors", "measurement", "plugins", "actions", "provenance"}) {
    const std::size_t next = html.find("id=\"" + std::string(id) + "\"");
    BOOST_TEST((next != std::string::npos && next > at), id);
    at = next;
  }
}

BOOST_AUTO_TEST_CASE(it_shows_what_the_guardian_saw) {
  BOOST_TEST(!contains(page(fixture("campaign.json")), "What the guardian saw"));
  const std::string html =
      page(replaced(fixture("campaign.json"), "\"evidence\":[]",
                    R"("evidence":[{"type":"sensors","text":"0.4 s before: MemAvailable 311 MiB"},
                     {"type":"process","text":"by memory, 0.3 s before: 77 hog"}])"));
  for (const char* part : {"What the guardian saw before it ended the run",
                           "0.4 s before: MemAvailable 311 MiB", "0.3 s before: 77 hog"})
    BOOST_TEST(contains(html, part), part);
}

BOOST_AUTO_TEST_CASE(the_charts_hold_the_series) {
  const std::string html = page(fixture("campaign.json"));
  const auto data = boost::json::parse(chart_data(html));
  BOOST_TEST(data.at("phases").as_array().size() == 8u);
  BOOST_TEST(data.at("gaps").as_array().size() == 1u);
  BOOST_TEST(data.at("events").as_array().size() == 3u);
  std::vector<std::string> ids;
  for (const auto& chart : data.at("charts").as_array()) {
    ids.emplace_back(chart.at("id").as_string());
    BOOST_TEST(contains(html, "id=\"chart-" + ids.back() + "\""), ids.back());
    std::size_t times = 0;
    for (const auto& line : chart.at("lines").as_array()) {
      if (!line.at("t").is_null()) times = line.at("t").as_array().size();
      BOOST_TEST(line.at("v").as_array().size() == times);
    }
  }
  for (const char* id : {"throughput", "latency", "errors", "cpu", "memory", "pressure",
                         "diskspace", "network", "processmemory"})
    BOOST_TEST((std::find(ids.begin(), ids.end(), id) != ids.end()), id);
}

BOOST_AUTO_TEST_CASE(dropped_events_name_topic_and_subscriber) {
  const std::string html = page(with_drops());
  BOOST_TEST(contains(html,
                      "41 events of com.acme.kv/hot-keys did not reach com.acme.view 2.1.0 "
                      "(report keys)."));
  BOOST_TEST(!contains(html, "com.acme.kv/state"));
}

BOOST_AUTO_TEST_CASE(counters_become_rates) {
  const std::string document = R"({"document":"campaign","version":1,"series":{"metrics":[
    {"name":"node_network_receive_bytes_total","labels":"eth0","unit":"bytes","collector":"system",
     "t":[0,10,20,30],"v":[1000,3000,500,1500]}]}})";
  const auto data = boost::json::parse(chart_data(page(document)));
  const auto& chart = data.at("charts").as_array().at(0);
  BOOST_TEST(chart.at("unit").as_string() == "bytes/s");
  const auto& values = chart.at("lines").as_array().at(0).at("v").as_array();
  BOOST_REQUIRE_EQUAL(values.size(), 3u);
  BOOST_TEST(values.at(0).to_number<double>() == 200.0);
  BOOST_TEST(values.at(1).is_null(), "a counter that stepped back is a restart, not a rate");
  BOOST_TEST(values.at(2).to_number<double>() == 100.0);
}

BOOST_AUTO_TEST_CASE(the_same_document_gives_the_same_bytes) {
  const std::string document = fixture("campaign.json");
  BOOST_TEST((page(document) == page(document)));
}

BOOST_AUTO_TEST_CASE(hostile_texts_stay_texts) {
  const std::string evil =
      R"(</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&@DATA@<!--)";
  std::string document = fixture("campaign.json");
  document = replaced(document, "\"hostname\":\"build-7\"", "\"hostname\":\"" + evil + "\"");
  document = replaced(document, "\"headline\":\"overnight on build-7", "\"headline\":\"" + evil);
  document = replaced(document, "\"phase_name\":\"warmup\"", "\"phase_name\":\"" + evil + "\"");
  document = replaced(document, "\"why\":\"", "\"why\":\"" + evil);
  document = replaced(document, "\"series\":{\"time_origin\"",
                      "\"series\":{\"x\":\"" + evil + "\",\"time_origin\"");
  document = replaced(document, "\"name\":\"shop_queue_depth\"", "\"name\":\"" + evil + "\"");
  document = replaced(document, "\"reproduce\":\"", "\"reproduce\":\"" + evil);
  const std::string html = page(document);
  BOOST_TEST(!contains(html, "<script>alert"));
  BOOST_TEST(!contains(html, "<img"));
  BOOST_TEST(occurrences(html, "</script>") == 3u);
  BOOST_TEST(occurrences(html, data_tag) == 1u);
  BOOST_TEST(contains(html, "&lt;/script&gt;"));
  BOOST_CHECK_NO_THROW(static_cast<void>(boost::json::parse(chart_data(html))));
}

BOOST_AUTO_TEST_CASE(a_long_night_stays_small) {
  std::string t = "0";
  std::string v = "1";
  for (int i = 1; i < 2000; ++i) {
    t += "," + std::to_string(i * 20);
    v += "," + std::to_string(123456.789 + i * 7.25);
  }
  std::string document =
      R"({"document":"campaign","version":1,"series":{"operations":{"t":[)" + t + "]";
  for (const char* key : {"offered", "ok", "errors", "p50", "p99", "max"})
    document += ",\"" + std::string(key) + "\":[" + v + "]";
  document += "},\"metrics\":[";
  for (int i = 0; i < 120; ++i) {
    if (i > 0) document += ",";
    document += R"({"name":"node_network_transmit_bytes_total","labels":"eth)" + std::to_string(i) +
                R"(","unit":"bytes","collector":"system","t":[)" + t + "],\"v\":[" + v + "]}," +
                R"({"name":"other_metric_)" + std::to_string(i) +
                R"(","labels":"","unit":"","collector":"x","t":[)" + t + "],\"v\":[" + v + "]}";
  }
  const std::string html = page(document + "]}}");
  BOOST_TEST(html.size() < 2u * 1024 * 1024);
  BOOST_TEST(contains(html, "smaller series not drawn"));
}

BOOST_AUTO_TEST_CASE(a_document_with_nothing_in_it_is_told_as_such) {
  const std::string html = page(R"({"document":"campaign","version":1})");
  for (const char* part : {"NO VERDICT", "Nothing was asserted", "No baseline was taken",
                           "No series were recorded", "No phase ran", "No plugin failed"})
    BOOST_TEST(contains(html, part), "missing: " << part);
}

BOOST_AUTO_TEST_CASE(every_verdict_has_its_tone) {
  const std::string document = fixture("campaign.json");
  const struct {
    const char* verdict;
    const char* css;
    const char* words;
  } cases[] = {{"go", "verdict good", "GO"},
               {"inconclusive", "verdict unsure", "INCONCLUSIVE"},
               {"invalid", "verdict unsure", "INVALID"},
               {"safety-stop", "verdict bad", "SAFETY STOP"},
               {"incomplete", "verdict unsure", "INCOMPLETE"}};
  for (const auto& entry : cases) {
    BOOST_TEST_CONTEXT(entry.verdict) {
      const std::string html = page(replaced(document, "\"verdict\":\"no-go\"",
                                             "\"verdict\":\"" + std::string(entry.verdict) + "\""));
      BOOST_TEST(contains(html, "class=\"" + std::string(entry.css) + "\""));
      BOOST_TEST(contains(html, "</span> " + std::string(entry.words) + "</div>"));
    }
  }
}

BOOST_AUTO_TEST_CASE(latency_service_time_and_marks_stand_side_by_side) {
  const std::string html = page(fixture("campaign.json"));
  const auto at = html.find("id=\"latency\"");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string table = html.substr(at, html.find("</table>", at) - at);
  std::size_t place = 0;
  for (const char* part :
       {"7 stress_test", "<strong>latency</strong>", ">service<", ">connect<", ">first_byte<"}) {
    const std::size_t next = table.find(part, place);
    BOOST_TEST((next != std::string::npos && next > place), part << " is missing");
    place = next;
  }
  // Eight phases with four times each, every one with its band, and the scale.
  BOOST_TEST(occurrences(table, "<div class=\"band\">") == 32u);
}

BOOST_AUTO_TEST_CASE(the_load_of_every_phase_is_said_in_words) {
  const std::string html = page(fixture("campaign.json"));
  const auto at = html.find("id=\"load\"");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string load = html.substr(at, html.find("</section>", at) - at);
  for (const char* part :
       {"open: 20/s; 2 connections; timeout 10s", ">9,412<", ">212<", ">31<",
        "http, in 8 endurance_test: 1 worker; mix 8 get, 2 post", "<li>seed 7</li>"})
    BOOST_TEST(contains(load, part), part << " is missing");
}

BOOST_AUTO_TEST_CASE(what_was_sent_is_a_share) {
  const std::string html = page(fixture("campaign.json"));
  const auto at = html.find("id=\"measurement\"");
  BOOST_REQUIRE(at != std::string::npos);
  BOOST_TEST(contains(html.substr(at, html.find("</table>", at) - at), ">99.9 %<"));
}

BOOST_AUTO_TEST_SUITE_END()
