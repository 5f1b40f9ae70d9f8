# SPDX-License-Identifier: Apache-2.0
# Configures, builds and tests each consumer against the SDK: the one of the build folder SDK, installed
# into an empty prefix, or without SDK the system's own.
file(REMOVE_RECURSE "${WORK}")
set(prefix "${WORK}/prefix")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(exports_nothing_else plugin)
  run("${NM}" -D --defined-only "${plugin}")
  string(STRIP "${output}" output)
  if(NOT output MATCHES "^[0-9a-f]+ [A-Z] ordeal_plugin_entry$")
    message(FATAL_ERROR "${plugin} exports more than its entry:\n${output}")
  endif()
endfunction()

set(found_by)
if(SDK)
  run("${CMAKE_COMMAND}" --install "${SDK}" --prefix "${prefix}" --component sdk)
  set(found_by "-DCMAKE_PREFIX_PATH=${prefix}")
endif()

foreach(consumer echo_c digest_cpp topic_publisher topic_subscriber)
  set(build "${WORK}/${consumer}")
  run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${SOURCES}/${consumer}" -B "${build}"
    ${found_by} -DCMAKE_BUILD_TYPE=Release
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}")
  run("${CMAKE_COMMAND}" --build "${build}")
  if(NOT consumer STREQUAL "topic_publisher")  # which e2e.topics runs
    run("${CMAKE_CTEST_COMMAND}" --test-dir "${build}" --output-on-failure --no-tests=error)
  endif()
endforeach()
exports_nothing_else("${WORK}/echo_c/org.example.echo.so")
exports_nothing_else("${WORK}/digest_cpp/org.example.digest.so")

# The same without CMake: a compiler and pkg-config.
if(PKG_CONFIG)
  if(SDK)
    file(GLOB_RECURSE pc "${prefix}/*/ordeal-sdk.pc")
    get_filename_component(folder "${pc}" DIRECTORY)
    set(ENV{PKG_CONFIG_PATH} "${folder}")
  endif()
  run("${PKG_CONFIG}" --cflags ordeal-sdk)
  separate_arguments(cflags UNIX_COMMAND "${output}")
  run("${C_COMPILER}" -std=c11 -fPIC -shared ${cflags} "${SOURCES}/echo_c/echo.c"
    -o "${WORK}/plain.so")
  run("${WORK}/echo_c/check_echo" "${WORK}/plain.so")
  foreach(variable plugindir manifestdir abi_major abi_minor)
    run("${PKG_CONFIG}" "--variable=${variable}" ordeal-sdk)
    if(output STREQUAL "\n")
      message(FATAL_ERROR "ordeal-sdk.pc does not say ${variable}")
    endif()
  endforeach()
endif()
