// SPDX-License-Identifier: Apache-2.0
#include "campaign/feeder_index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <new>
#include <utility>

#include "base/csv.h"
#include "base/json.h"
#include "base/json_text.h"

namespace ordeal {
namespace json = boost::json;
namespace {

/// Every second place goes when there are more: 16 MiB hold those of any file.
constexpr std::size_t most_places = std::size_t{4} << 20;

Error unreadable(const std::string& file, std::string what, std::string expected = {}) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.where.file = file;
  error.expected = std::move(expected);
  return error;
}

/// A tree in a buffer on the stack is dropped at once: enough for most records.
const char* why_no_object(std::string_view record) {
  std::array<unsigned char, 8192> buffer;
  json::monotonic_resource memory(buffer.data(), buffer.size());
  json::error_code failed;
  const json::value value = json::parse(record, failed, &memory);
  if (failed) return "no JSON";
  return value.is_object() ? nullptr : "no JSON object";
}

}  // namespace

Result<std::unique_ptr<FeederSource>> FeederSource::open(const FeederSpec& spec) {
  UniqueFd file(::open(spec.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    Error error = errno_error(ExitCode::invalid_config, "opening the feeder's file", errno);
    error.where.file = spec.file;
    return error;
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return unreadable(spec.file, "the feeder's file is no regular file");
  const FileIdentity identity = FileIdentity::of(file.get());
  if (identity.size == 0) return unreadable(spec.file, "the feeder's file is empty", "records");
  if (identity.size > feeder_file_max)
    return unreadable(spec.file, "the feeder's file is too large", "at most 1 GiB");
  UniqueFd copy(::memfd_create("ordeal-records", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return errno_error(ExitCode::internal, "copying " + spec.file, errno);
  return std::unique_ptr<FeederSource>(
      new FeederSource(spec, std::move(file), identity, std::move(copy)));
}

FeederSource::FeederSource(const FeederSpec& spec, UniqueFd file, const FileIdentity& identity,
                           UniqueFd copy)
    : spec_(spec),
      file_(std::move(file)),
      identity_(identity),
      copy_(std::move(copy)),
      text_({}, spec_.format) {}

FeederSource::~FeederSource() {
  unmap_copy();
  if (shared_ != nullptr) ::munmap(const_cast<FeederIndex*>(shared_), sizeof *shared_);
}

Result<bool> FeederSource::copy(std::size_t bytes) {
  std::uint64_t left = std::min<std::uint64_t>(bytes, identity_.size - copied_);
  while (left > 0) {
    const ssize_t n = ::sendfile(copy_.get(), file_.get(), nullptr, left);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(ExitCode::invalid_config, "copying " + spec_.file, errno);
    if (n == 0) break;  // it has become shorter
    copied_ += static_cast<std::uint64_t>(n);
    left -= static_cast<std::uint64_t>(n);
  }
  if (changed() || left > 0)
    return unreadable(spec_.file, "the feeder's file was written to while it was read",
                      "one that nobody writes to");
  return copied_ == identity_.size;
}

Result<void> FeederSource::map_copy() {
  // A plugin has the descriptor in its process: it must not change what the others read.
  if (::fcntl(copy_.get(), F_ADD_SEALS, feeder_copy_seals | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return errno_error(ExitCode::internal, "copying " + spec_.file, errno);
  void* const text = ::mmap(nullptr, copied_, PROT_READ, MAP_PRIVATE, copy_.get(), 0);
  if (text == MAP_FAILED)
    return errno_error(ExitCode::internal, "mapping the copy of " + spec_.file, errno);
  text_ = FeederText({static_cast<const char*>(text), copied_}, spec_.format);
  at_ = text_.begin();
  return {};
}

void FeederSource::unmap_copy() {
  const std::string_view text = text_.text();
  if (!text.empty()) ::munmap(const_cast<char*>(text.data()), text.size());
  text_ = FeederText({}, spec_.format);
}

Error FeederSource::wrong(std::size_t at, std::string what, std::string expected) const {
  Error error = unreadable(spec_.file, std::move(what), std::move(expected));
  const JsonPosition position = position_of(text_.text(), at);
  error.where.line = position.line;
  error.where.column = position.column;
  return error;
}

Result<void> FeederSource::read_names(std::string_view record, std::size_t at) {
  if (const std::size_t bad = invalid_utf8(record); bad != std::string_view::npos)
    return wrong(at + bad, "the header is not UTF-8");
  names_ = csv_names(record, spec_.header);
  for (std::size_t i = 0; spec_.header && i < names_.size(); ++i) {
    if (names_[i] == "\"\":")
      return wrong(at, "field " + std::to_string(i + 1) + " of the header has no name");
    if (std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i), names_[i]) !=
        names_.begin() + static_cast<std::ptrdiff_t>(i))
      return wrong(
          at, "the header has the name " + names_[i].substr(0, names_[i].size() - 1) + " twice");
  }
  return {};
}

Result<void> FeederSource::check_record(std::string_view record, std::size_t at) {
  if (spec_.format == FeederSpec::Format::jsonl) {
    const char* const why = why_no_object(record);
    if (why == nullptr) return {};
    const auto parsed = parse_json(record, spec_.file);
    const std::size_t before = parsed ? 0 : parsed.error().where.column - 1;
    return wrong(at + std::min(before, record.size()),
                 std::string("this line is ") + why + (parsed ? "" : ": " + parsed.error().what),
                 "a JSON object in one line");
  }
  if (const std::size_t bad = invalid_utf8(record); bad != std::string_view::npos)
    return wrong(at + bad, "this is not UTF-8");
  std::size_t fields = 0;
  CsvField field;
  for (std::size_t in = 0; !field.last && next_csv_field(record, in, field) == nullptr;) ++fields;
  if (fields == names_.size()) return {};
  return wrong(at, "a record of " + std::to_string(fields) + (fields == 1 ? " field" : " fields"),
               std::to_string(names_.size()) + ", as in the first");
}

Result<bool> FeederSource::check(std::size_t bytes) {
  if (text_.text().empty()) {
    const Result<bool> whole = copy(bytes);
    if (!whole || !*whole) return whole;
    if (auto mapped = map_copy(); !mapped) return std::move(mapped).error();
  }
  const std::size_t enough = bytes > text_.text().size() - at_ ? text_.text().size() : at_ + bytes;
  while (at_ < enough) {
    std::string_view record;
    const FeederText::Step step = text_.next(at_, record);
    if (step == FeederText::Step::wrong) return wrong(at_, text_.problem());
    if (step == FeederText::Step::end) break;
    const auto here = static_cast<std::size_t>(record.data() - text_.text().data());
    if (spec_.format == FeederSpec::Format::csv && names_.empty()) {
      if (auto named = read_names(record, here); !named) return std::move(named).error();
      if (spec_.header) continue;
    }
    if (auto sound = check_record(record, here); !sound) return std::move(sound).error();
    if (records_ == 0) first_ = here;
    if (records_ % step_ == 0) {
      if (places_.size() == most_places) {
        for (std::size_t i = 0; i < most_places / 2; ++i) places_[i] = places_[2 * i];
        places_.resize(most_places / 2);
        step_ *= 2;
      }
      if (records_ % step_ == 0) places_.push_back(static_cast<std::uint32_t>(here));
    }
    ++records_;
  }
  if (at_ < text_.text().size()) return false;
  if (records_ == 0)
    return unreadable(spec_.file, "the feeder's file holds no record",
                      spec_.header && spec_.format == FeederSpec::Format::csv
                          ? "records behind the header"
                          : "at least one");
  return true;
}

Result<void> FeederSource::publish() {
  const std::size_t size = sizeof(FeederIndex) + places_.size() * sizeof(std::uint32_t);
  UniqueFd index(::memfd_create("ordeal-feeder", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!index || ::ftruncate(index.get(), static_cast<off_t>(size)) != 0)
    return errno_error(ExitCode::internal, "making a feeder's index", errno);
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, index.get(), 0);
  if (memory == MAP_FAILED)
    return errno_error(ExitCode::internal, "making a feeder's index", errno);
  auto* const head = new (memory) FeederIndex;
  head->file_size = copied_;
  head->first = first_;
  head->records = records_;
  head->step = step_;
  head->places = places_.size();
  std::copy(places_.begin(), places_.end(), reinterpret_cast<std::uint32_t*>(head + 1));
  // A plugin has the descriptor in its process: it must not take the pages from under the others.
  ::fcntl(index.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  ::munmap(memory, size);
  void* const ours = ::mmap(nullptr, sizeof(FeederIndex), PROT_READ, MAP_SHARED, index.get(), 0);
  if (ours == MAP_FAILED) return errno_error(ExitCode::internal, "making a feeder's index", errno);
  shared_ = static_cast<const FeederIndex*>(ours);
  index_ = std::move(index);
  places_ = {};
  unmap_copy();
  return {};
}

std::uint64_t FeederSource::used() const {
  return shared_ == nullptr ? 0 : std::min(shared_->taken.load(), records_);
}

bool FeederSource::changed() const { return FileIdentity::of(file_.get()) != identity_; }

Result<void> check_feeder(const FeederSpec& spec) {
  auto source = FeederSource::open(spec);
  if (!source) return std::move(source).error();
  for (;;) {
    const auto whole = (*source)->check(feeder_file_max);
    if (!whole) return whole.error();
    if (*whole) return {};
  }
}

}  // namespace ordeal
