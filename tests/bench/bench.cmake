# SPDX-License-Identifier: Apache-2.0
# Measuring programs. Each prints its figures; the ctest of each only shows that it runs.
add_executable(http_vs_wrk bench/http_vs_wrk.cpp)
target_include_directories(http_vs_wrk PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(http_vs_wrk PRIVATE ordeal_engine)
target_compile_definitions(http_vs_wrk PRIVATE
  ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
add_dependencies(http_vs_wrk org.ordeal.http)
add_test(NAME bench.http_vs_wrk
  COMMAND http_vs_wrk --pairs 2 --seconds 1 --connections 16)
set_tests_properties(bench.http_vs_wrk PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)

add_executable(bench_bus bench/bus.cpp)
target_include_directories(bench_bus PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(bench_bus PRIVATE ordeal_campaign)
add_test(NAME bench.bus COMMAND bench_bus --pairs 1 --seconds 0.1)
set_tests_properties(bench.bus PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
