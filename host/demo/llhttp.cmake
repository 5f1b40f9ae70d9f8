# SPDX-License-Identifier: Apache-2.0
# llhttp as Debian's node-llhttp ships it: three C files and a header.
find_path(LLHTTP_SOURCE_DIR llhttp.c PATH_SUFFIXES llhttp PATHS /usr/share)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATH_SUFFIXES include/llhttp PATHS /usr/share)
if(NOT LLHTTP_SOURCE_DIR OR NOT LLHTTP_INCLUDE_DIR)
  message(FATAL_ERROR "llhttp's C sources were not found; packaging/setup installs them (node-llhttp)")
endif()
add_library(ordeal_demo_llhttp STATIC
  ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/llhttp.c)
target_include_directories(ordeal_demo_llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
# Generated code, not ours to mend.
target_compile_options(ordeal_demo_llhttp PRIVATE -w)
