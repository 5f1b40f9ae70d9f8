// SPDX-License-Identifier: Apache-2.0
// The one file that includes libarchive.
#include "store/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <set>

namespace ordeal {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::uint64_t unjudged = 1024 * 1024;

Error bad(const std::string& file, std::string what) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.where.file = file;
  return error;
}

struct CloseReader {
  void operator()(archive* it) const { archive_read_free(it); }
};
struct CloseWriter {
  void operator()(archive* it) const { archive_write_free(it); }
};
struct CloseEntry {
  void operator()(archive_entry* it) const { archive_entry_free(it); }
};

/// A name as it may be shown: bytes that could steer a terminal are replaced.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, longest_name));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return "'" + text + "'";
}

/// What is wrong with an entry's name, or "". Letters beyond ASCII could look like others, or fold
/// together in a file system, so there are none.
std::string wrong_name(std::string_view name) {
  if (name.empty()) return "has no name";
  if (name.size() > longest_name) return "has too long a name";
  if (name.front() == '/') return "has an absolute name";
  for (const char c : name) {
    if (c < 0x20 || c > 0x7e || c == '\\') return "has a name with odd characters";
  }
  for (std::string_view rest = name;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "..") return "leads out of the archive";
    if (part.empty() || part == ".") return "has a name with an empty part";
    if (part.size() == rest.size()) return {};
    rest.remove_prefix(part.size() + 1);
  }
}

class ArchiveReader {
 public:
  ArchiveReader(std::string_view bytes, const std::string& file, const ArchiveLimits& limits)
      : bytes_(bytes), file_(file), limits_(limits), archive_(archive_read_new()) {}

  Result<ArchiveFiles> read() {
    archive_read_support_format_tar(archive_.get());
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
    if (archive_read_open_memory(archive_.get(), bytes_.data(), bytes_.size()) != ARCHIVE_OK)
      return broken();
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF) return std::move(files_);
      // A warning is about something libarchive could only guess.
      if (status != ARCHIVE_OK) return broken();
      if (Result<void> taken = take(entry); !taken) return taken.error();
    }
  }

 private:
  Error broken() {
    const char* why = archive_error_string(archive_.get());
    Error error = bad(file_, "not a sound archive");
    if (why != nullptr) error.what += std::string(": ") + why;
    error.expected = "a tar archive, plain or compressed with gzip or zstd";
    return error;
  }

  Result<void> take(archive_entry* entry) {
    if (++entries_ > limits_.entries)
      return bad(file_,
                 "the archive has more than " + std::to_string(limits_.entries) + " entries");
    const char* raw = archive_entry_pathname(entry);
    std::string name = raw == nullptr ? "" : raw;
    const auto type = archive_entry_filetype(entry);
    // tar writes "./" before names made from a folder, and "/" behind those of folders.
    if (name.starts_with("./")) name.erase(0, 2);
    if (type == AE_IFDIR) {
      if (name.ends_with('/')) name.pop_back();
      if (name.empty() || name == ".") return {};
    }
    if (const std::string wrong = wrong_name(name); !wrong.empty())
      return bad(file_, "the archive's entry " + shown(name) + " " + wrong);
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr)
      return bad(file_, "the archive's entry " + shown(name) + " is a link");
    if (type != AE_IFREG && type != AE_IFDIR)
      return bad(file_, "the archive's entry " + shown(name) + " is no plain file");
    if (archive_entry_sparse_count(entry) > 0)
      return bad(file_, "the archive's entry " + shown(name) + " has holes");
    std::string folded = name;
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!names_.insert(folded).second)
      return bad(file_, "the archive's entry " + shown(name) +
                            " is there twice, or differs from another in case only");
    if (type == AE_IFDIR) return {};
    return read_content(name);
  }

  Result<void> read_content(const std::string& name) {
    std::string content;
    for (;;) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(archive_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK) return broken();
      if (offset < 0 || static_cast<std::uint64_t>(offset) != content.size())
        return bad(file_, "the archive's entry " + shown(name) + " has holes");
      total_ += size;
      if (total_ > limits_.bytes) {
        return bad(file_,
                   "the archive holds more than " + std::to_string(limits_.bytes) + " bytes");
      }
      if (total_ > unjudged + limits_.ratio * bytes_.size()) {
        return bad(file_, "the archive unpacks to more than " + std::to_string(limits_.ratio) +
                              " times its size");
      }
      content.append(static_cast<const char*>(block), size);
    }
    files_.emplace(name, std::move(content));
    return {};
  }

  std::string_view bytes_;
  const std::string& file_;
  const ArchiveLimits& limits_;
  std::unique_ptr<archive, CloseReader> archive_;
  std::set<std::string> names_;
  std::size_t entries_ = 0;
  std::uint64_t total_ = 0;
  ArchiveFiles files_;
};

la_ssize_t append(archive*, void* out, const void* bytes, std::size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

Result<ArchiveFiles> read_archive(std::string_view bytes, const std::string& file,
                                  const ArchiveLimits& limits) {
  if (bytes.empty()) return bad(file, "the archive is empty");
  return ArchiveReader(bytes, file, limits).read();
}

Result<std::string> write_archive(const ArchiveFiles& files) {
  std::string out;
  const std::unique_ptr<archive, CloseWriter> writer(archive_write_new());
  const auto failed = [&] {
    const char* why = archive_error_string(writer.get());
    Error error;
    error.what = std::string("writing an archive: ") + (why != nullptr ? why : "unknown error");
    return error;
  };
  archive_write_set_format_ustar(writer.get());
  archive_write_add_filter_gzip(writer.get());
  // Without the time that gzip would put into its header.
  if (archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr) != ARCHIVE_OK ||
      archive_write_set_bytes_in_last_block(writer.get(), 1) != ARCHIVE_OK ||
      archive_write_open2(writer.get(), &out, nullptr, append, nullptr, nullptr) != ARCHIVE_OK)
    return failed();
  for (const auto& [name, content] : files) {
    const std::unique_ptr<archive_entry, CloseEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer.get(), content.data(), content.size()) !=
            static_cast<la_ssize_t>(content.size()))
      return failed();
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failed();
  return out;
}

}  // namespace ordeal
