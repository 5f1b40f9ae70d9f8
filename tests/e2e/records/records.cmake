# SPDX-License-Identifier: Apache-2.0
# The plugin that tests/e2e/feeder_test.cpp runs, with its manifest: tests/records.
ordeal_add_plugin(org.example.records SOURCES ${CMAKE_CURRENT_LIST_DIR}/records.cpp)
set_target_properties(org.example.records PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/records" EXCLUDE_FROM_ALL OFF)
configure_file(${CMAKE_CURRENT_LIST_DIR}/org.example.records.json
  "${CMAKE_CURRENT_BINARY_DIR}/records/org.example.records.json" COPYONLY)
