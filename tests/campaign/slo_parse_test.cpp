// SPDX-License-Identifier: Apache-2.0
#include "campaign/slo_parse.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(slo_parse)

BOOST_AUTO_TEST_CASE(limits_are_read) {
  struct Case {
    const char* metric;
    const char* text;
    const char* op;
    double limit;
  };
  const Case cases[] = {{"success", ">=95%", ">=", 0.95}, {"success", "> 0.5", ">", 0.5},
                        {"errors", "<1%", "<", 0.01},     {"avg", "<2s", "<", 2},
                        {"p99", "<=500ms", "<=", 0.5},    {"p99.9", "< 1m30s", "<", 90},
                        {"rate", "> 100/s", ">", 100},    {"rate", ">=12.5", ">=", 12.5},
                        {"rate", "<10 /s", "<", 10},      {"max", " <1us ", "<", 1e-6}};
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.metric << one.text) {
      const Result<Slo> slo = parse_slo(one.metric, one.text);
      BOOST_REQUIRE(slo);
      BOOST_TEST(slo->metric == one.metric);
      BOOST_TEST(slo->op == one.op);
      BOOST_TEST(slo->limit == one.limit, boost::test_tools::tolerance(1e-12));
      BOOST_TEST(slo->text == one.text);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_rest_is_refused_with_help) {
  struct Case {
    const char* metric;
    const char* text;
    const char* what;
    const char* fix;
  };
  const Case cases[] = {{"success", "95%", "no operator", "did you mean '>=95%'?"},
                        {"success", ">=95", "more than everything", "did you mean '95%'?"},
                        {"success", ">=120%", "more than everything", ""},
                        {"success", "<95%", "doing well", "did you mean '>='?"},
                        {"success", "=>95%", "unknown operator '=>'", "did you mean '>='?"},
                        {"success", "==95%", "unknown operator", ""},
                        {"success", ">=x%", "not a share", ""},
                        {"success", ">=-1%", "not a share", ""},
                        {"success", ">=nan%", "not a share", ""},
                        {"errors", ">1%", "doing well", "'<'"},
                        {"avg", "<2", "unit is missing", "2s"},
                        {"avg", ">2s", "doing well", "'<'"},
                        {"p99", "", "no operator", ""},
                        {"p99", "<", "empty", ""},
                        {"rate", ">fast", "not a rate", ""},
                        {"rate", ">100/m", "not a rate", ""}};
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.metric << one.text) {
      const Result<Slo> slo = parse_slo(one.metric, one.text);
      BOOST_REQUIRE(!slo);
      BOOST_TEST(slo.error().what.find(one.what) != std::string::npos, slo.error().what);
      BOOST_TEST(slo.error().fix.find(one.fix) != std::string::npos, slo.error().fix);
      BOOST_TEST(!slo.error().expected.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(shares_of_the_verdict) {
  BOOST_TEST(*parse_least_share(">=70%") == 0.7);
  BOOST_TEST(*parse_least_share(">= 0.9") == 0.9);
  BOOST_TEST(!parse_least_share("70%"));
  BOOST_TEST(!parse_least_share("<70%"));
  BOOST_TEST(!parse_least_share(">=170%"));
}

BOOST_AUTO_TEST_SUITE_END()
