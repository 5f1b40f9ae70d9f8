// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cell/component.h"
#include "ordeal/abi/report.h"

namespace ordeal {

namespace {

constexpr std::size_t file_max = 64u * 1024 * 1024;

/// The host writes files into one folder only, whatever a plugin asks for.
bool plain_name(std::string_view name) {
  if (name.empty() || name.size() > 200 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

class ReportComponent final : public Component {
 public:
  using Component::Component;

  ~ReportComponent() override {
    host().close();
    if (instance_ != nullptr) factory_->destroy(instance_);
  }

  Result<Declared> create(const LoadedPlugin& plugin, std::string_view component,
                          std::string_view config) override {
    factory_ = static_cast<const ordeal_report_factory*>(
        plugin.entry()->get_factory(abi_text(ORDEAL_REPORT)));
    if (factory_ == nullptr) return rejected(plugin, "it has no " ORDEAL_REPORT);
    if (factory_->create(host().host(), abi_text(component), abi_text(config), &instance_) !=
        ORDEAL_OK) {
      instance_ = nullptr;
      return rejected(plugin, "creating report '" + std::string(component) + "'");
    }
    return Declared{};
  }

  bool handle(CellMessage type, Decoder& in) override {
    if (type == CellMessage::render) {
      token_ = in.u64();
      const std::uint32_t stage = in.u32();
      render(stage, in.text());
      return true;
    }
    if (type == CellMessage::interval) {
      const auto known = read_struct(factory_);
      if (known.interval != nullptr) known.interval(instance_, abi_text(in.text()));
      return true;
    }
    return false;
  }

 private:
  void render(std::uint32_t stage, std::string_view document) {
    open_ = false;
    ordeal_file_sink sink{sizeof sink, 0, this, begin, write, end};
    const std::int32_t status = factory_->render(instance_, stage, abi_text(document), &sink);
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(number());
    out.u64(token_);
    out.text(status == ORDEAL_OK ? std::string() : host().take_error("the plugin gave no reason"));
    send_metrics();
    send(CellMessage::rendered, bytes);
  }

  std::int32_t refuse(std::int32_t code, std::string_view why) {
    host().host()->set_error(host().host(), abi_text(why));
    return code;
  }

  static std::int32_t begin(const ordeal_file_sink* sink, ordeal_str name) noexcept {
    auto& self = *static_cast<ReportComponent*>(sink->self);
    if (self.open_) return self.refuse(ORDEAL_E_STATE, "a file is open already");
    if (!plain_name(view(name)))
      return self.refuse(ORDEAL_E_INVALID, "'" + std::string(view(name)) +
                                               "' is not a plain file name (letters, digits, ._-)");
    self.name_ = view(name);
    self.content_.clear();
    self.open_ = true;
    return ORDEAL_OK;
  }

  static std::int32_t write(const ordeal_file_sink* sink, const void* bytes,
                            std::uint64_t size) noexcept {
    auto& self = *static_cast<ReportComponent*>(sink->self);
    if (!self.open_) return self.refuse(ORDEAL_E_STATE, "no file is open");
    if (size > file_max - self.content_.size())
      return self.refuse(ORDEAL_E_LIMIT, "a file larger than 64 MiB");
    const auto* first = static_cast<const std::byte*>(bytes);
    self.content_.insert(self.content_.end(), first, first + size);
    return ORDEAL_OK;
  }

  static std::int32_t end(const ordeal_file_sink* sink) noexcept {
    auto& self = *static_cast<ReportComponent*>(sink->self);
    if (!self.open_) return self.refuse(ORDEAL_E_STATE, "no file is open");
    self.open_ = false;
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    out.u32(self.number());
    out.u64(self.token_);
    out.text(self.name_);
    out.bytes(self.content_);
    self.send(CellMessage::file, bytes);
    return ORDEAL_OK;
  }

  const ordeal_report_factory* factory_ = nullptr;
  void* instance_ = nullptr;
  std::uint64_t token_ = 0;
  bool open_ = false;
  std::string name_;
  std::vector<std::byte> content_;
};

}  // namespace

std::unique_ptr<Component> make_report(std::uint32_t number, std::unique_ptr<HostInstance> host,
                                       SendFn send) {
  return std::make_unique<ReportComponent>(number, std::move(host), std::move(send));
}

}  // namespace ordeal
