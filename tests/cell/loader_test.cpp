// SPDX-License-Identifier: Apache-2.0
#include "cell/loader.h"

#include <fcntl.h>
#include <ordeal/abi/base.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/unique_fd.h"
#include "places.h"
#include "registry/crypto.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

BOOST_AUTO_TEST_SUITE(loader)

// Whoever may write the file has it open: the descriptor that was hashed shows what is written into
// it later, and so do the pages of a mapping that nobody has touched yet.
BOOST_AUTO_TEST_CASE(what_runs_is_what_was_hashed) {
  const TemporaryFolder folder;
  LoadRequest request;
  request.id = "org.ordeal.threshold";
  request.library = folder.path() + "/" + request.id + ".so";
  std::filesystem::copy_file(ORDEAL_BUILT_PLUGINS "/" + request.id + ".so", request.library);
  const auto bytes = read_file(request.library, ExitCode::internal);
  BOOST_REQUIRE(bytes);
  for (const Trust trust : {Trust::hash, Trust::is_signed}) {
    request.trust = trust;
    request.sha256 = sha256_hex(*bytes);
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
      auto loaded = load_plugin(request);
      if (!loaded) ::_exit(1);
      const UniqueFd fd(::open(request.library.c_str(), O_WRONLY | O_CLOEXEC));
      const std::string zeros(bytes->size(), '\0');
      if (::write(fd.get(), zeros.data(), zeros.size()) != static_cast<ssize_t>(zeros.size()))
        ::_exit(2);
      ::_exit((*loaded)->entry()->get_factory({"ordeal.rule/1", 13}) != nullptr ? 0 : 3);
    }
    int status = -1;
    BOOST_REQUIRE(::waitpid(pid, &status, 0) == pid);
    BOOST_TEST(status == 0);
    std::filesystem::copy_file(ORDEAL_BUILT_PLUGINS "/" + request.id + ".so", request.library,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

BOOST_AUTO_TEST_CASE(another_file_than_the_manifest_says_is_refused) {
  const TemporaryFolder folder;
  LoadRequest request;
  request.id = "org.ordeal.threshold";
  request.library = ORDEAL_BUILT_PLUGINS "/" + request.id + ".so";
  request.sha256 = std::string(64, '0');
  request.trust = Trust::hash;
  const auto other = load_plugin(request);
  BOOST_REQUIRE(!other);
  BOOST_TEST(other.error().what.find("its manifest says " + request.sha256) != std::string::npos);
  request.sha256.clear();
  BOOST_TEST(!load_plugin(request));
}

BOOST_AUTO_TEST_CASE(what_never_ends_is_no_library, *boost::unit_test::timeout(10)) {
  const TemporaryFolder folder;
  LoadRequest request;
  request.library = folder.path() + "/pipe.so";
  request.sha256 = std::string(64, '0');
  request.trust = Trust::hash;
  BOOST_REQUIRE(::mkfifo(request.library.c_str(), 0600) == 0);
  BOOST_TEST(!load_plugin(request));
  request.library = "/dev/zero";
  BOOST_TEST(!load_plugin(request));
}

BOOST_AUTO_TEST_SUITE_END()
