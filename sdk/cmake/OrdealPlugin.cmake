# SPDX-License-Identifier: Apache-2.0
# ordeal_add_plugin(ID SOURCES... [LIBRARIES libs...] [MANIFEST file])
#
# Builds <ID>.so: a module without the "lib" prefix that exports `ordeal_plugin_entry` and nothing
# else (hidden visibility and a version script), has no undefined symbol (-z defs; not under a
# sanitizer, whose runtime is in the program) and is never unloaded (-z nodelete: unloading a plugin
# that used Boost.Log crashes at exit).
#
# With MANIFEST, a copy of the manifest lies beside the library as <ID>.json, so that the folder
# serves as `ordeal run --plugin-dir` and `ordeal plugin check|install|pack` take it; `install` puts
# both where ordeal looks below its prefix; and where the program `ordeal` is found, the target
# `package` packs them as <ID>-<version>.ordeal.
function(ordeal_add_plugin id)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${arg_UNPARSED_ARGUMENTS})
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "ordeal_add_plugin(${id}): no sources given")
  endif()
  set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ordeal_plugin.map")
  add_library(${id} MODULE ${arg_SOURCES})
  set_target_properties(${id} PROPERTIES
    PREFIX "" OUTPUT_NAME "${id}" LINK_DEPENDS "${script}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(NOT DEFINED CMAKE_CXX_STANDARD)
    set_target_properties(${id} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON)
  endif()
  if(NOT DEFINED CMAKE_C_STANDARD)
    set_target_properties(${id} PROPERTIES C_STANDARD 11)
  endif()
  target_link_libraries(${id} PRIVATE ordeal::sdk ${arg_LIBRARIES})
  target_link_options(${id} PRIVATE
    "LINKER:--version-script=${script}" LINKER:-z,nodelete LINKER:-z,now)
  if(NOT ORDEAL_SANITIZE)
    target_link_options(${id} PRIVATE LINKER:-z,defs)
  endif()
  if(arg_MANIFEST)
    _ordeal_place_plugin("${id}" "${arg_MANIFEST}")
  endif()
endfunction()

function(_ordeal_place_plugin id manifest)
  configure_file("${manifest}" "${CMAKE_CURRENT_BINARY_DIR}/${id}.json" COPYONLY)
  set_target_properties(${id} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  install(TARGETS ${id} LIBRARY DESTINATION "${ordeal_sdk_RELATIVE_PLUGIN_DIR}")
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${id}.json"
    DESTINATION "${ordeal_sdk_RELATIVE_MANIFEST_DIR}/plugins")
  find_program(ORDEAL_PROGRAM ordeal HINTS "${ordeal_sdk_PREFIX}/bin")
  if(ORDEAL_PROGRAM AND NOT TARGET package)
    add_custom_target(package COMMAND "${ORDEAL_PROGRAM}" plugin pack "${CMAKE_CURRENT_BINARY_DIR}"
      DEPENDS ${id} VERBATIM)
  endif()
endfunction()
