# SPDX-License-Identifier: Apache-2.0
# libFuzzer programs, in the asan build (Clang). Each ctest goes on for a few seconds from the corpus
# kept here; a long run, which keeps what it finds in build/asan/fuzz:
#   build/asan/bin/fuzz_http_response -max_total_time=600 build/asan/fuzz/http_response \
#     tests/fuzz/corpus/http_response
if(NOT ORDEAL_SANITIZE MATCHES address OR NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
  return()
endif()

# What is fuzzed is built again, with the coverage that guides the fuzzer.
get_target_property(http_sources ordeal_http_parts SOURCES)
get_target_property(http_folder ordeal_http_parts SOURCE_DIR)
list(TRANSFORM http_sources PREPEND "${http_folder}/")
get_target_property(llhttp_sources ordeal_llhttp SOURCES)
add_library(ordeal_http_fuzzed STATIC ${http_sources})
add_library(ordeal_llhttp_fuzzed STATIC ${llhttp_sources})
target_include_directories(ordeal_llhttp_fuzzed SYSTEM PUBLIC "${LLHTTP_INCLUDE_DIR}")
target_compile_options(ordeal_llhttp_fuzzed PRIVATE -w -fsanitize=fuzzer-no-link)
target_include_directories(ordeal_http_fuzzed PUBLIC "${PROJECT_SOURCE_DIR}/plugins")
target_link_libraries(ordeal_http_fuzzed PUBLIC ordeal_sdk ordeal_llhttp_fuzzed ordeal_nghttp2 Boost::json)
target_compile_options(ordeal_http_fuzzed PRIVATE -fsanitize=fuzzer-no-link)

# ordeal_fuzz(NAME LIBRARY...): fuzz/NAME.cpp with its corpus, as the ctest fuzz.NAME
function(ordeal_fuzz name)
  add_executable(fuzz_${name} fuzz/${name}.cpp)
  target_include_directories(fuzz_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(sanitized fuzz_${name})
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz/${name}")
  add_test(NAME fuzz.${name}
    COMMAND fuzz_${name} -max_total_time=3 -max_len=2000 -rss_limit_mb=512 -timeout=5 -verbosity=0
      "-artifact_prefix=${PROJECT_BINARY_DIR}/fuzz/${name}-" "${PROJECT_BINARY_DIR}/fuzz/${name}"
      "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name}")
  set_tests_properties(fuzz.${name} PROPERTIES LABELS sanitized TIMEOUT 60)
endfunction()

ordeal_fuzz(h2_session ordeal_http_fuzzed)
ordeal_fuzz(http_response ordeal_http_fuzzed)
ordeal_fuzz(http_sse ordeal_http_fuzzed)
ordeal_fuzz(http_template ordeal_http_fuzzed)
