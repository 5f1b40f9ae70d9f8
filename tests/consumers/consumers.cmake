# SPDX-License-Identifier: Apache-2.0
# Plugins outside the source tree, against an installed SDK: what an author of a plugin does.
find_program(PKG_CONFIG pkg-config)
add_test(NAME e2e.consumers COMMAND ${CMAKE_COMMAND}
  "-DSDK=${PROJECT_BINARY_DIR}/sdk"
  "-DSOURCES=${CMAKE_CURRENT_LIST_DIR}"
  "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumers"
  "-DGENERATOR=${CMAKE_GENERATOR}"
  "-DC_COMPILER=${CMAKE_C_COMPILER}"
  "-DCXX_COMPILER=${CMAKE_CXX_COMPILER}"
  "-DNM=${CMAKE_NM}"
  "-DPKG_CONFIG=${PKG_CONFIG}"
  -P "${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set_tests_properties(e2e.consumers PROPERTIES LABELS e2e TIMEOUT 300 FIXTURES_SETUP consumers)
if(TARGET test_e2e)
  set_tests_properties(e2e.topics PROPERTIES FIXTURES_REQUIRED "stage;consumers")
endif()
