# SPDX-License-Identifier: Apache-2.0
# Compares the types of sdk/include/ordeal/abi with those of the published minor, ordeal_abi_M_m.abi
# beside this file, by abidiff (Debian: abigail-tools). Run by the test sdk.abidiff.
#
#   cmake -P tests/sdk/abi.cmake             compares; then shows that changes would be found
#   cmake -DUPDATE=ON -P tests/sdk/abi.cmake writes the baseline of a new minor
cmake_minimum_required(VERSION 3.25)
find_program(ABIDW abidw)
find_program(ABIDIFF abidiff)
find_program(COMPILER NAMES gcc-12 gcc)
if(NOT ABIDW OR NOT ABIDIFF OR NOT COMPILER)
  message(FATAL_ERROR "needs abidw, abidiff and gcc: packaging/setup --tests installs them")
endif()
set(include "${CMAKE_CURRENT_LIST_DIR}/../../sdk/include")
if(NOT WORK)
  set(WORK "${CMAKE_CURRENT_BINARY_DIR}/build/abi")
endif()
file(REMOVE_RECURSE "${WORK}")
foreach(part MAJOR MINOR)
  file(STRINGS "${include}/ordeal/abi/base.h" line REGEX "^#define ORDEAL_ABI_${part} ")
  string(REGEX REPLACE ".* ([0-9]+)u$" "\\1" ${part} "${line}")
endforeach()
set(baseline "${CMAKE_CURRENT_LIST_DIR}/ordeal_abi_${MAJOR}_${MINOR}.abi")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(status "${status}" PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

# A library with one variable for every type that the headers below `folder` define, and its types
# as abidw sees them, in ${WORK}/NAME.abi.
function(describe name folder)
  file(GLOB headers RELATIVE "${folder}" "${folder}/ordeal/abi/*.h")
  set(text "")
  set(n 0)
  foreach(header IN LISTS headers)
    string(APPEND text "#include \"${header}\"\n")
    file(READ "${folder}/${header}" source)
    # Lists of CMake are parted by what ends a declaration in C.
    string(REPLACE ";" "@" source "${source}")
    string(REGEX MATCHALL "\n} ordeal_[a-z_]+@" structs "${source}")
    string(REGEX MATCHALL "\nstruct ordeal_[a-z_]+ {" plain "${source}")
    string(REGEX MATCHALL "\ntypedef [a-z0-9_]+ [(][*]ordeal_[a-z_]+[)]" functions "${source}")
    string(REGEX MATCHALL "\ntypedef [a-z0-9_]+ ordeal_[a-z_]+@" numbers "${source}")
    foreach(found IN LISTS structs plain functions numbers)
      string(REGEX REPLACE "^.*[ *](ordeal_[a-z_]+).*$" "\\1" type "${found}")
      math(EXPR n "${n} + 1")
      string(APPEND text "${type}* surface_of_${type};\n")
    endforeach()
  endforeach()
  if(n LESS 30)
    message(FATAL_ERROR "only ${n} types found in ${folder}")
  endif()
  file(WRITE "${WORK}/${name}.c" "${text}")
  run("${COMPILER}" -std=c11 -g -O0 -fPIC -shared "-ffile-prefix-map=${WORK}/="
    "-I${folder}" "${WORK}/${name}.c" -o "${WORK}/${name}.so")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "compiling ${WORK}/${name}.c: ${output}")
  endif()
  run("${ABIDW}" --no-corpus-path --no-comp-dir-path --no-show-locs "${WORK}/${name}.so"
    --out-file "${WORK}/${name}.abi")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "abidw: ${output}")
  endif()
endfunction()

describe(now "${include}")
if(UPDATE)
  file(COPY_FILE "${WORK}/now.abi" "${baseline}")
  message(STATUS "wrote ${baseline}")
  return()
endif()
if(NOT EXISTS "${baseline}")
  message(FATAL_ERROR "ABI ${MAJOR}.${MINOR} has no baseline: cmake -DUPDATE=ON -P tests/sdk/abi.cmake")
endif()
run("${ABIDIFF}" "${baseline}" "${WORK}/now.abi")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the headers are not ABI ${MAJOR}.${MINOR} any more (abidiff: ${status}):\n${output}\n"
    "A published minor is never changed. Undo it, or raise ORDEAL_ABI_MINOR, write tests/sdk/layout_M_m.c "
    "and run cmake -DUPDATE=ON -P tests/sdk/abi.cmake")
endif()

# A guard that finds nothing is none: each of these changes must be named.
function(must_be_found what header old new expected)
  set(copy "${WORK}/${what}")
  file(COPY "${include}/ordeal/abi" DESTINATION "${copy}/ordeal")
  file(READ "${copy}/ordeal/abi/${header}" text)
  string(REPLACE "${old}" "${new}" changed "${text}")
  if(changed STREQUAL text)
    message(FATAL_ERROR "${what}: '${old}' is not in ${header}")
  endif()
  file(WRITE "${copy}/ordeal/abi/${header}" "${changed}")
  describe("${what}" "${copy}")
  run("${ABIDIFF}" "${baseline}" "${WORK}/${what}.abi")
  if(status EQUAL 0 OR NOT output MATCHES "${expected}")
    message(FATAL_ERROR "${what} is not named (abidiff: ${status}):\n${output}")
  endif()
endfunction()
must_be_found(inserted scenario.h "  uint32_t kind;" "  uint32_t inserted_here;\n  uint32_t kind;"
  "struct ordeal_op.*inserted_here")
must_be_found(appended report.h "} ordeal_file_sink;" "  void* added_at_the_end;\n} ordeal_file_sink;"
  "struct ordeal_file_sink.*added_at_the_end")
must_be_found(removed metrics.h "  ordeal_str help;" "" "struct ordeal_metric_info.*help")
must_be_found(argument reactor.h "uint64_t timer) ORDEAL_NOEXCEPT" "uint32_t timer) ORDEAL_NOEXCEPT"
  "cancel_timer.*uint32_t")
must_be_found(callback process.h "const ordeal_process_exit* exit)" "const ordeal_process_exit* exit, int32_t more)"
  "ordeal_process_exit_fn.*int")
