// SPDX-License-Identifier: Apache-2.0
#include "cell/component.h"

namespace ordeal {

Error Component::rejected(const LoadedPlugin& plugin, std::string_view doing) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = host_->take_error("the plugin gave no reason");
  error.context =
      "plugin " + plugin.request().id + " " + plugin.request().version + ", " + std::string(doing);
  return error;
}

void Component::send_metrics() {
  if (host_->metrics()->empty()) return;
  std::vector<std::byte> bytes;
  bytes.reserve(1024);
  Encoder out(bytes);
  out.u32(number_);
  host_->metrics()->take(out);
  send(CellMessage::metrics, bytes);
}

std::unique_ptr<Component> make_component(std::string_view kind, std::uint32_t number,
                                          std::unique_ptr<HostInstance> host, SendFn send) {
  if (kind == "scenario") return make_scenario(number, std::move(host), std::move(send));
  if (kind == "collector") return make_collector(number, std::move(host), std::move(send));
  if (kind == "rule") return make_rule(number, std::move(host), std::move(send));
  if (kind == "report") return make_report(number, std::move(host), std::move(send));
  return nullptr;
}

}  // namespace ordeal
