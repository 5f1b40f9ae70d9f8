// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "cell/check/cases.h"
#include "cell/check/subject.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

void open_library(const Job& job, Record& record) {
  record.at("loading the library");
  if (job.plugin.trust != Trust::owner) {
    // Nothing of it may run before its hash was found right.
    if (auto loaded = load_plugin(job.plugin); !loaded) {
      record.fail(loaded.error().line());
      throw CaseOver();
    }
    return;
  }
  void* library = ::dlopen(job.plugin.library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library != nullptr) return;
  const char* why = ::dlerror();
  record.fail(why == nullptr ? "dlopen failed" : why,
              "link what it needs, and with -z defs (ordeal_add_plugin() does), so that the linker "
              "says what is missing");
  throw CaseOver();
}

std::string milliseconds(std::uint64_t ns) { return std::to_string(ns / 1'000'000) + " ms"; }

}  // namespace

void case_load(const Job& job, Record& record) {
  open_library(job, record);
  record.note("every symbol is resolved");
}

void case_load_time(const Job& job, Record& record) {
  Stopwatch watch;
  watch.start();
  open_library(job, record);
  const std::uint64_t took = watch.stop();
  record.data("load_ns", std::to_string(took));
  record.note(milliseconds(took));
}

void case_entry(const Job& job, Record& record) {
  const Subject subject(job, record);
  const ordeal_plugin_entry_t& entry = *subject.entry();
  if (entry.struct_size != sizeof entry)
    record.warn("the entry's struct_size is " + std::to_string(entry.struct_size) +
                    "; the entry never grows and has " + std::to_string(sizeof entry),
                "set it to sizeof(ordeal_plugin_entry_t)");
  record.note("ABI " + std::to_string(entry.abi_major) + "." + std::to_string(entry.abi_minor));
}

void case_identity(const Job& job, Record& record) {
  const Subject subject(job, record);
  if (subject.id() != job.plugin.id)
    record.fail(
        "init says the id is '" + subject.id() + "', the manifest says '" + job.plugin.id + "'",
        "make both the same");
  if (subject.version() != job.plugin.version)
    record.fail("init says the version is '" + subject.version() + "', the manifest says '" +
                    job.plugin.version + "'",
                "make both the same");
  record.note(subject.id() + " " + subject.version());
}

void case_factories(const Job& job, Record& record) {
  const Subject subject(job, record);
  for (const char* kind : {"scenario", "collector", "rule", "report"}) {
    const void* factory = subject.factory(kind);
    std::string declared;
    for (const ComponentInfo& one : job.components)
      if (one.kind == kind) declared = one.id;
    if (factory == nullptr) {
      if (!declared.empty())
        record.fail("the manifest declares the " + std::string(kind) + " '" + declared +
                        "', but get_factory has nothing for " + factory_id(kind),
                    "return its factory, or correct the component's kind");
      continue;
    }
    if (declared.empty()) {
      record.warn(
          "it has a factory for " + factory_id(kind) + ", but its manifest declares no " + kind,
          "declare the component, or return NULL");
      continue;
    }
    std::uint32_t size = 0;
    std::memcpy(&size, factory, sizeof size);
    bool complete = false;
    std::size_t least = 0;
    if (std::string_view(kind) == "scenario") {
      const auto table = abi::read(static_cast<const ordeal_scenario_factory*>(factory));
      complete = table.create != nullptr && table.destroy != nullptr && table.describe != nullptr &&
                 table.open != nullptr && table.close != nullptr && table.issue != nullptr &&
                 table.cancel != nullptr;
      least = offsetof(ordeal_scenario_factory, drain);
    } else if (std::string_view(kind) == "collector") {
      const auto table = abi::read(static_cast<const ordeal_collector_factory*>(factory));
      complete = table.create != nullptr && table.destroy != nullptr && table.describe != nullptr &&
                 table.collect != nullptr;
      least = sizeof table;
    } else if (std::string_view(kind) == "rule") {
      const auto table = abi::read(static_cast<const ordeal_rule_factory*>(factory));
      complete = table.create != nullptr && table.destroy != nullptr && table.evaluate != nullptr;
      least = sizeof table;
    } else {
      const auto table = abi::read(static_cast<const ordeal_report_factory*>(factory));
      complete = table.create != nullptr && table.destroy != nullptr && table.render != nullptr;
      least = offsetof(ordeal_report_factory, interval);
    }
    if (size < least || !complete)
      record.fail("the factory for " + factory_id(kind) + " has struct_size " +
                      std::to_string(size) + " or lacks a function that is not optional",
                  "set struct_size = sizeof of the factory and fill in its functions");
  }
}

void case_unknown_ids(const Job& job, Record& record) {
  const Subject subject(job, record);
  std::vector<std::string> ids{"",
                               "ordeal",
                               "ordeal.",
                               "org.example.thing/1",
                               "ordeal.host.log/1",
                               "ordeal.unknown/1",
                               std::string(5000, 'x')};
  for (const char* kind : {"scenario", "collector", "rule", "report"}) {
    const std::string id = factory_id(kind);
    for (const char* behind : {"x", "0", " ", "/1", ".1"}) ids.push_back(id + behind);
    ids.push_back(id + std::string(1, '\0'));
    ids.push_back(" " + id);
    ids.push_back(id.substr(0, id.size() - 1));
    ids.push_back(id.substr(0, id.size() - 1) + "2");
    ids.push_back(id.substr(0, id.size() - 1) + "0");
    ids.push_back("O" + id.substr(1));
  }
  for (const std::string& id : ids) {
    record.at("get_factory of '" + id.substr(0, 80) + "'");
    if (subject.entry()->get_factory(abi::str(id)) != nullptr)
      record.fail("get_factory answers '" + id.substr(0, 80) + "', which is another id",
                  "compare the whole id, its length included");
  }
  record.note(std::to_string(ids.size()) + " ids asked for");
}

}  // namespace ordeal::check
