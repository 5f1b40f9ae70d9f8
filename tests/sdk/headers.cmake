# SPDX-License-Identifier: Apache-2.0
# Every SDK header compiles alone, twice in a row: the C ones as C11 and as C++20, the others as
# C++20. The layout of the C structs is that of ABI 0.1, in both languages.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(layout_sources "${CMAKE_CURRENT_SOURCE_DIR}/sdk/layout_0_1.c")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/sdk_headers/layout_0_1.cpp.in" "#include \"${layout_sources}\"\n")
  configure_file("${CMAKE_CURRENT_BINARY_DIR}/sdk_headers/layout_0_1.cpp.in"
    "${CMAKE_CURRENT_BINARY_DIR}/sdk_headers/layout_0_1.cpp" COPYONLY)
  list(APPEND layout_sources "${CMAKE_CURRENT_BINARY_DIR}/sdk_headers/layout_0_1.cpp")
endif()

set(header_sources)
file(GLOB c_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/sdk/include"
  "${PROJECT_SOURCE_DIR}/sdk/include/ordeal/abi/*.h" "${PROJECT_SOURCE_DIR}/sdk/include/ordeal/*.h")
file(GLOB cxx_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/sdk/include"
  "${PROJECT_SOURCE_DIR}/sdk/include/ordeal/*.hpp")
file(GLOB testing_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/sdk/testing"
  "${PROJECT_SOURCE_DIR}/sdk/testing/ordeal/testing/*.hpp"
  "${PROJECT_SOURCE_DIR}/sdk/testing/ordeal/testing/*.h")
foreach(header IN LISTS c_headers cxx_headers testing_headers)
  string(REGEX REPLACE "[/.]" "_" stem "${header}")
  set(languages cpp)
  if(header MATCHES "\\.h$")
    list(APPEND languages c)
  endif()
  foreach(language IN LISTS languages)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/sdk_headers/${stem}.${language}")
    set(text "#include \"${header}\"\n#include \"${header}\"\nextern int ${stem};\n")
    if(EXISTS "${source}")
      file(READ "${source}" old)
    else()
      set(old "")
    endif()
    if(NOT old STREQUAL text)
      file(WRITE "${source}" "${text}")
    endif()
    list(APPEND header_sources "${source}")
    if(header MATCHES "/testing/.*\\.h$")  # these say that they need POSIX
      set_source_files_properties("${source}" PROPERTIES COMPILE_DEFINITIONS _POSIX_C_SOURCE=200809L)
    endif()
  endforeach()
endforeach()
add_library(sdk_headers OBJECT ${header_sources} ${layout_sources})
target_link_libraries(sdk_headers PRIVATE ordeal_sdk_testing)
set_target_properties(sdk_headers PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
if(TARGET test_sdk)
  add_dependencies(test_sdk sdk_headers)
endif()

# The types as debug information shows them are those of the published minor.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT ORDEAL_SANITIZE)
  add_test(NAME sdk.abidiff COMMAND ${CMAKE_COMMAND} "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/abi"
    -P "${CMAKE_CURRENT_SOURCE_DIR}/sdk/abi.cmake")
  set_tests_properties(sdk.abidiff PROPERTIES LABELS unit TIMEOUT 60)
endif()
