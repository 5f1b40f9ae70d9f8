// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "cell/check/heap.h"
#include "cell/check/schema_values.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

bool plain_name(std::string_view name) {
  if (name.empty() || name.size() > 200 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// The sink of one render call.
struct Sink {
  Rendered* to;
  Instance* instance;
  bool open = false;
  std::size_t size = 0;

  static Sink& of(const ordeal_file_sink* sink) { return *static_cast<Sink*>(sink->self); }
  void wrong(std::string text) { to->wrong.push_back(std::move(text)); }

  static std::int32_t begin(const ordeal_file_sink* sink, ordeal_str name) noexcept {
    const HeapPause pause;
    Sink& self = of(sink);
    if (!self.instance->host().on_worker("sink.begin")) return ORDEAL_E_STATE;
    const std::string text(abi::view(name).substr(0, 300));
    if (self.open) {
      self.wrong("begin of '" + text + "' while another file is open");
      return ORDEAL_E_STATE;
    }
    if (!plain_name(abi::view(name))) {
      self.wrong("'" + text + "' is not a plain file name (letters, digits, ._-)");
      return ORDEAL_E_INVALID;
    }
    self.open = true;
    self.size = 0;
    self.to->files.emplace_back(text, "");
    return ORDEAL_OK;
  }
  static std::int32_t write(const ordeal_file_sink* sink, const void* bytes,
                            std::uint64_t size) noexcept {
    const HeapPause pause;
    Sink& self = of(sink);
    if (!self.instance->host().on_worker("sink.write")) return ORDEAL_E_STATE;
    if (!self.open) {
      self.wrong("write without a file begun");
      return ORDEAL_E_STATE;
    }
    if (self.size + size > (64u << 20)) {
      self.wrong("a file larger than 64 MiB");
      return ORDEAL_E_LIMIT;
    }
    self.size += size;
    self.to->files.back().second.append(static_cast<const char*>(bytes), size);
    return ORDEAL_OK;
  }
  static std::int32_t end(const ordeal_file_sink* sink) noexcept {
    const HeapPause pause;
    Sink& self = of(sink);
    if (!self.instance->host().on_worker("sink.end")) return ORDEAL_E_STATE;
    if (!self.open) {
      self.wrong("end without a file begun");
      return ORDEAL_E_STATE;
    }
    self.open = false;
    return ORDEAL_OK;
  }
};

}  // namespace

Rendered render_once(Instance& instance, std::uint32_t stage, std::string_view document) {
  Rendered taken;
  Sink state{&taken, &instance};
  const auto* sink = guarded_struct(
      ordeal_file_sink{0, 0, &state, Sink::begin, Sink::write, Sink::end}, full(instance.sizes()));
  const std::int32_t status = instance.call("render", [&] {
    return instance.report().render(instance.get(), stage, abi::str(document), sink);
  });
  Rendered rendered = taken;  // a copy: what was allocated in a pause is released in one
  {
    const HeapPause pause;
    taken = {};
  }
  rendered.status = status;
  rendered.reason = instance.host().take_error();
  if (state.open && rendered.status == ORDEAL_OK) {
    rendered.wrong.push_back("the file '" + rendered.files.back().first +
                             "' was begun and never ended, so it is not kept");
  }
  return rendered;
}

std::string make_document(std::uint32_t stage, std::uint64_t seed) {
  constexpr const char* names[] = {"readiness", "baseline", "phase", "campaign"};
  const std::string file = install_paths().manifests + "/schemas/" + names[stage] + "-report.json";
  const auto text = read_file(file, ExitCode::internal);
  if (!text) return {};
  const auto schema = parse_json(*text, file);
  if (!schema) return {};
  Random random(seed + stage);
  for (int i = 0; i < 8; ++i) {
    // Round 0 is the smallest document there can be.
    const auto made = value_for(*schema, seed == 0 ? Filling::required : Filling::random, random);
    if (made) return pretty_json(*made);
  }
  return {};
}

void use_report(Instance& instance) {
  for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
    const std::string document = make_document(stage, 0);
    if (document.empty()) continue;
    const Rendered rendered = render_once(instance, stage, document);
    if (rendered.status != ORDEAL_OK && rendered.reason.empty())
      instance.record().fail(
          "render returned " + std::to_string(rendered.status) + " without saying why",
          "call set_error before returning an error");
  }
  const auto interval = abi::read(&instance.report()).interval;
  if (interval != nullptr) {
    const std::string json = R"({"interval": 1, "phase": 0, "kinds": []})";
    instance.call("interval", [&] { interval(instance.get(), abi::str(json)); });
  }
}

}  // namespace ordeal::check
