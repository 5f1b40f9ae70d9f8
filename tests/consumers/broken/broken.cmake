# SPDX-License-Identifier: Apache-2.0
# Each source here is a plugin with one defect, in a folder of its own with its manifest:
# tests/broken/NAME. tests/e2e/plugin_check_test.cpp says which case has to find it.
file(GLOB broken_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
set(broken_plugins)
foreach(source IN LISTS broken_sources)
  get_filename_component(name "${source}" NAME_WE)
  string(REPLACE "_" "-" ID "org.example.${name}")
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/broken/${name}")
  file(READ "${source}" code)
  set(KIND rule)  # throws.cpp
  if(code MATCHES "KIND_(COLLECTOR|RULE|REPORT|SCENARIO)")
    string(TOLOWER "${CMAKE_MATCH_1}" KIND)
  endif()
  set(EXTRA_KEY "")
  set(EXTRA_RULE "")
  if(name STREQUAL bad_manifest)
    set(EXTRA_KEY ",\n  \"isolatoin\": {}")
  elseif(name STREQUAL bad_schema)
    set(EXTRA_RULE "\"examples\": [1], ")
  endif()
  configure_file("${CMAKE_CURRENT_LIST_DIR}/manifest.json.in" "${folder}/${ID}.json" @ONLY)
  if(name MATCHES "^(extra_export|undefined_symbol)$")  # not what ordeal_add_plugin would let pass
    add_library(${ID} MODULE "${source}")
    target_link_libraries(${ID} PRIVATE ordeal::sdk)
    set_target_properties(${ID} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
  else()
    ordeal_add_plugin(${ID} SOURCES "${source}" LIBRARIES Threads::Threads)
  endif()
  # The defects are meant; a compiler that sees through one must not stop the build.
  target_compile_options(${ID} PRIVATE -Wno-error -Wno-array-bounds -Wno-stringop-overread
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-terminate>)
  target_compile_definitions(${ID} PRIVATE "PLUGIN_ID=\"${ID}\"" _GNU_SOURCE)
  set_target_properties(${ID} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${folder}" EXCLUDE_FROM_ALL OFF)
  list(APPEND broken_plugins ${ID})
endforeach()
add_custom_target(ordeal_broken_plugins DEPENDS ${broken_plugins})
