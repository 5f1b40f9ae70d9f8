// SPDX-License-Identifier: Apache-2.0
#include "engine/feeder.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ordeal {

namespace {

std::size_t size_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_size > 0 ? static_cast<std::size_t>(info.st_size) : 0;
}

Error unusable(const std::string& file, std::string what) {
  Error error;
  error.what = std::move(what);
  error.where.file = file;
  error.context = "mapping a feeder's records";
  return error;
}

}  // namespace

Result<std::unique_ptr<Feeder>> Feeder::map(FeederSpec spec, int file, int index) {
  const std::size_t index_bytes = size_of(index);
  if (index_bytes < sizeof(FeederIndex)) return unusable(spec.file, "its index is missing");
  void* const shared = ::mmap(nullptr, index_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, index, 0);
  if (shared == MAP_FAILED) return errno_error(ExitCode::internal, "mapping an index", errno);
  auto* const head = static_cast<FeederIndex*>(shared);
  const std::size_t size = size_of(file);
  const bool sound = head->layout == FeederIndex::this_layout && head->records > 0 &&
                     head->step > 0 && head->places > 0 &&
                     head->places <= (index_bytes - sizeof *head) / sizeof(std::uint32_t) &&
                     (head->records - 1) / head->step < head->places;
  if (!sound || size < head->file_size) {
    ::munmap(shared, index_bytes);
    return unusable(spec.file, sound ? "it has become shorter" : "its index is none");
  }
  const std::size_t mapped = head->file_size;
  if ((::fcntl(file, F_GET_SEALS) & feeder_copy_seals) != feeder_copy_seals) {
    ::munmap(shared, index_bytes);
    return unusable(spec.file, "its copy is not sealed");
  }
  void* const text = ::mmap(nullptr, mapped, PROT_READ, MAP_PRIVATE, file, 0);
  if (text == MAP_FAILED) {
    const int error = errno;
    ::munmap(shared, index_bytes);
    return errno_error(ExitCode::internal, "mapping " + spec.file, error);
  }
  return std::unique_ptr<Feeder>(
      new Feeder(std::move(spec), {static_cast<const char*>(text), mapped}, head, index_bytes));
}

Feeder::Feeder(FeederSpec spec, std::string_view text, FeederIndex* index, std::size_t index_bytes)
    : spec_(std::move(spec)),
      text_(text, spec_.format),
      index_(index),
      index_bytes_(index_bytes),
      places_(reinterpret_cast<const std::uint32_t*>(index + 1)),
      records_(index->records),
      step_(index->step),
      places_count_(index->places),
      at_(index->first) {
  std::size_t at = text_.begin();
  std::string_view record;
  if (spec_.format == FeederSpec::Format::csv && text_.next(at, record) == FeederText::Step::record)
    names_ = csv_names(record, spec_.header);
}

Feeder::~Feeder() {
  ::munmap(const_cast<char*>(text_.text().data()), text_.text().size());
  ::munmap(index_, index_bytes_);
}

void Feeder::begin(std::uint32_t worker, std::uint32_t workers, std::uint64_t seed,
                   std::uint64_t done) {
  // Of numbers below 2^30 each, so that the product cannot overflow.
  stride_ = workers % records_;
  next_ = (worker + done % records_ * stride_) % records_;
  taken_ = done;
  random_ = Random(seed, Random::Stream::feeder);
}

bool Feeder::take(std::uint64_t& record) {
  ++taken_;
  switch (spec_.order) {
    case FeederSpec::Order::sequential:
      record = next_;
      next_ += stride_;
      if (next_ >= records_) next_ -= records_;
      return true;
    case FeederSpec::Order::random:
      record = static_cast<std::uint64_t>(random_.unit() * static_cast<double>(records_));
      return true;
    case FeederSpec::Order::unique:
      if (index_->taken.load(std::memory_order_relaxed) >= records_) return false;
      record = index_->taken.fetch_add(1, std::memory_order_relaxed);
      return record < records_;
  }
  return false;
}

/// From the place that is known and nearest before it.
bool Feeder::seek(std::uint64_t record, std::string_view& text) {
  const std::uint64_t place = record / step_;
  if (place >= places_count_) return false;
  if (here_ > record || here_ < place * step_) {
    here_ = place * step_;
    at_ = places_[place];
  }
  for (;; ++here_) {
    if (at_ > text_.text().size() || text_.next(at_, text) != FeederText::Step::record) {
      here_ = records_;  // not a place to go on from
      return false;
    }
    if (here_ == record) break;
  }
  ++here_;
  return true;
}

std::string_view Feeder::read(std::uint64_t record, std::string& buffer) {
  static constexpr std::string_view nothing = "{}";
  std::string_view text;
  if (!seek(record, text)) return nothing;
  if (spec_.format == FeederSpec::Format::jsonl) return text;
  return csv_to_json(text, names_, buffer) ? std::string_view(buffer) : nothing;
}

}  // namespace ordeal
