// SPDX-License-Identifier: Apache-2.0
#include "campaign/feeder_index.h"

#include <fcntl.h>
#include <sys/mman.h>
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
  if (info.st_size == 0) return unreadable(spec.file, "the feeder's file is empty", "records");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > feeder_file_max)
    return unreadable(spec.file, "the feeder's file is too large", "at most 1 GiB");
  void* const text = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (text == MAP_FAILED)
    return errno_error(ExitCode::invalid_config, "mapping " + spec.file, errno);
  return std::unique_ptr<FeederSource>(
      new FeederSource(spec, std::move(file), info, {static_cast<const char*>(text), size}));
}

FeederSource::FeederSource(FeederSpec spec, UniqueFd file, const struct stat& info,
                           std::string_view text)
    : spec_(std::move(spec)),
      file_(std::move(file)),
      info_(info),
      text_(text, spec_.format),
      at_(text_.begin()) {
  ::madvise(const_cast<char*>(text.data()), text.size(), MADV_SEQUENTIAL);
}

FeederSource::~FeederSource() {
  ::munmap(const_cast<char*>(text_.text().data()), text_.text().size());
  if (shared_ != nullptr) ::munmap(const_cast<FeederIndex*>(shared_), sizeof *shared_);
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
  head->file_size = text_.text().size();
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
  return {};
}

std::uint64_t FeederSource::used() const {
  return shared_ == nullptr ? 0 : std::min(shared_->taken.load(), records_);
}

bool FeederSource::changed() const {
  struct stat now {};
  return ::fstat(file_.get(), &now) != 0 || now.st_size != info_.st_size ||
         now.st_mtim.tv_sec != info_.st_mtim.tv_sec || now.st_mtim.tv_nsec != info_.st_mtim.tv_nsec;
}

Result<void> check_feeder(const FeederSpec& spec) {
  auto source = FeederSource::open(spec);
  if (!source) return std::move(source).error();
  auto checked = (*source)->check(feeder_file_max);
  if (!checked) return std::move(checked).error();
  return {};
}

}  // namespace ordeal
