# SPDX-License-Identifier: Apache-2.0
# Measuring programs. Each prints its figures; the ctest of each only shows that it runs.
add_executable(http_vs_h2load bench/http_vs_h2load.cpp)
target_include_directories(http_vs_h2load PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(http_vs_h2load PRIVATE ordeal_engine)
target_compile_definitions(http_vs_h2load PRIVATE
  ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
add_dependencies(http_vs_h2load org.ordeal.http)
add_test(NAME bench.http_vs_h2load
  COMMAND http_vs_h2load --pairs 1 --seconds 1 --connections 16)
add_test(NAME bench.http_vs_h2load_tls
  COMMAND http_vs_h2load --pairs 1 --seconds 1 --connections 4 --tls)
set_tests_properties(bench.http_vs_h2load bench.http_vs_h2load_tls PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
add_executable(http_vs_wrk bench/http_vs_wrk.cpp)
target_include_directories(http_vs_wrk PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(http_vs_wrk PRIVATE ordeal_engine Boost::json)
target_compile_definitions(http_vs_wrk PRIVATE BENCH_ORDEAL="$<TARGET_FILE:ordeal>"
  ORDEAL_NPM_PROGRAMS="${PROJECT_SOURCE_DIR}/packaging/npm/node_modules/.bin"
  ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
add_dependencies(http_vs_wrk ordeal ordeal_cell_program ordeal_guardian_program ordeal_plugins)
add_test(NAME bench.http_vs_wrk
  COMMAND http_vs_wrk --pairs 1 --seconds 1 --connections 16)
add_test(NAME bench.http_vs_wrk_tls
  COMMAND http_vs_wrk --pairs 1 --seconds 1 --connections 4 --tls)
set_tests_properties(bench.http_vs_wrk bench.http_vs_wrk_tls PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)

file(GLOB bench_bus_sources CONFIGURE_DEPENDS bench/bus/*.cpp)
add_executable(bench_bus ${bench_bus_sources})
target_include_directories(bench_bus PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(bench_bus PRIVATE ordeal_campaign)
add_test(NAME bench.bus COMMAND bench_bus --pairs 1 --seconds 0.1)
set_tests_properties(bench.bus PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)

foreach(language c cpp)
  add_library(noop_${language} MODULE bench/noop_plugin.${language})
  target_link_libraries(noop_${language} PRIVATE ordeal_sdk)
  set_target_properties(noop_${language} PROPERTIES PREFIX "")
endforeach()
add_executable(bench_plugin_boundary bench/plugin_boundary.cpp)
target_link_libraries(bench_plugin_boundary PRIVATE ordeal_engine ${CMAKE_DL_LIBS})
target_compile_definitions(bench_plugin_boundary PRIVATE
  BENCH_NOOP_C="$<TARGET_FILE:noop_c>" BENCH_NOOP_CPP="$<TARGET_FILE:noop_cpp>")
add_dependencies(bench_plugin_boundary noop_c noop_cpp)
add_test(NAME bench.plugin_boundary COMMAND bench_plugin_boundary --rounds 1 --seconds 0.05)
set_tests_properties(bench.plugin_boundary PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
# Prints what the filter of a cell costs a system call.
add_executable(sandbox_cost bench/sandbox_cost.cpp)
target_link_libraries(sandbox_cost PRIVATE ordeal_cell)
add_test(NAME bench.sandbox_cost COMMAND sandbox_cost)
set_tests_properties(bench.sandbox_cost PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 60)
add_executable(plugin_list bench/plugin_list.cpp)
add_test(NAME bench.plugin_list COMMAND plugin_list $<TARGET_FILE:ordeal>
  ${PROJECT_SOURCE_DIR}/manifests/plugins/org.ordeal.http.json 500 5)
set_tests_properties(bench.plugin_list PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
# What an io_uring reactor could gain: http_vs_wrk --bare measures it. Not in packages' builds.
find_library(URING_LIBRARY uring)
if(URING_LIBRARY)
  add_executable(bare_uring_http bench/bare_uring_http.cpp)
  target_link_libraries(bare_uring_http PRIVATE ${URING_LIBRARY})
  add_executable(bare_uring_poll_http bench/bare_uring_http.cpp)
  target_compile_definitions(bare_uring_poll_http PRIVATE BENCH_POLL_ONLY)
  target_link_libraries(bare_uring_poll_http PRIVATE ${URING_LIBRARY})
endif()
# What recording costs a worker, per operation and per interval.
add_executable(bench_recording bench/recording.cpp)
target_link_libraries(bench_recording PRIVATE ordeal_engine)
add_test(NAME bench.recording COMMAND bench_recording --rounds 2 --operations 500000)
set_tests_properties(bench.recording PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
# Resident memory means nothing under a sanitizer.
if(NOT ORDEAL_SANITIZE)
  # One worker's memory with 10,000 connections; with TLS what ordeal(1) says of it, and 15 MiB besides.
  add_executable(bench_connections bench/connections.cpp)
  target_include_directories(bench_connections PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(bench_connections PRIVATE ordeal_engine)
  target_compile_definitions(bench_connections PRIVATE
    ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
  add_dependencies(bench_connections org.ordeal.http)
  add_test(NAME bench.connections COMMAND bench_connections --connections 2000 --seconds 2)
  add_test(NAME bench.connections_tls
    COMMAND bench_connections --connections 1000 --seconds 2 --limit 59 --tls)
  set_tests_properties(bench.connections_tls PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
  # Whether a long run's memory stays what it is; without arguments a thousand million operations.
  add_executable(bench_memory bench/memory.cpp)
  target_link_libraries(bench_memory PRIVATE ordeal_campaign ordeal_engine)
  add_test(NAME bench.memory COMMAND bench_memory --operations 10000000 --intervals 1000)
  set_tests_properties(bench.connections bench.memory PROPERTIES LABELS bench RUN_SERIAL ON
    TIMEOUT 120)
endif()
add_executable(send_lag bench/send_lag.cpp)
target_include_directories(send_lag PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(send_lag PRIVATE ordeal_engine)
target_compile_definitions(send_lag PRIVATE
  ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
add_dependencies(send_lag org.ordeal.http)
add_test(NAME bench.send_lag COMMAND send_lag --pairs 1 --seconds 0.2 --connections 16)
set_tests_properties(bench.send_lag PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 60)
add_executable(coordinated_omission bench/coordinated_omission.cpp)
target_include_directories(coordinated_omission PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(coordinated_omission PRIVATE ordeal_engine)
target_compile_definitions(coordinated_omission PRIVATE
  BENCH_DEMO_TARGET="$<TARGET_FILE:ordeal_demo_target>"
  ORDEAL_BUILT_PLUGINS="${PROJECT_BINARY_DIR}/${ORDEAL_PLUGIN_DIR}")
add_dependencies(coordinated_omission org.ordeal.http ordeal_demo_target)
add_test(NAME bench.coordinated_omission
  COMMAND coordinated_omission --every 1 --stall 0.2 --periods 1)
set_tests_properties(bench.coordinated_omission PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 60)
# What a guardian costs; fails when that is more than promised.
add_executable(guardian_cost bench/guardian_cost.cpp)
target_link_libraries(guardian_cost PRIVATE ordeal_guardian_client)
add_dependencies(guardian_cost ordeal_guardian_program)
add_test(NAME bench.guardian_cost
  COMMAND guardian_cost $<TARGET_FILE:ordeal_guardian_program> --seconds 3)
set_tests_properties(bench.guardian_cost PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 60)
# How long a safety stop takes, per tier, idle and loaded; without arguments 1,000 of each.
add_executable(stop_latency bench/stop_latency.cpp)
target_link_libraries(stop_latency PRIVATE ordeal_guardian_client)
target_compile_definitions(stop_latency PRIVATE BENCH_HOSTILE="$<TARGET_FILE:ordeal_hostile>"
  BENCH_GUARDIAN="$<TARGET_FILE:ordeal_guardian_program>")
add_dependencies(stop_latency ordeal_hostile ordeal_guardian_program)
add_test(NAME bench.stop_latency COMMAND stop_latency --n 3)
set_tests_properties(bench.stop_latency PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 120)
