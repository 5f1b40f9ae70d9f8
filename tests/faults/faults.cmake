# SPDX-License-Identifier: Apache-2.0
# One small plugin per fault, and one ctest per fault that runs it beside sound ones in the installed
# host. The library of fault NAME is org.faulty.NAME.so.
set(fault_dir "${PROJECT_BINARY_DIR}/faults")
add_custom_target(fault_plugins)
function(fault name)
  set(id "org.faulty.${name}")
  ordeal_add_plugin(${id} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/faults/fault.c)
  target_compile_definitions(${id} PRIVATE "FAULT_ID=\"${id}\"" ${ARGN})
  set_target_properties(${id} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${fault_dir}")
  add_dependencies(fault_plugins ${id})
endfunction()

fault(sound)
fault(marks FAULT_MARKS)
fault(wrong-major FAULT_ABI_MAJOR=7)
fault(newer-minor "FAULT_ABI_MINOR=(ORDEAL_ABI_MINOR+1)")
fault(previous-minor "FAULT_ABI_MINOR=(ORDEAL_ABI_MINOR-1)")
fault(no-entry FAULT_NO_ENTRY)
fault(short-entry FAULT_ENTRY_SIZE=16)
fault(long-entry FAULT_ENTRY_SIZE=4096)
fault(other-id "FAULT_SAYS_ID=\"org.example.somebody-else\"")
fault(aborts-in-init FAULT_ABORTS FAULT_IN_INIT)
fault(loops-in-create FAULT_LOOPS FAULT_IN_CREATE)
fault(exits FAULT_EXITS)
fault(aborts FAULT_ABORTS)
fault(loops FAULT_LOOPS)
fault(throws FAULT_THROWS)
target_sources(org.faulty.throws PRIVATE ${CMAKE_CURRENT_LIST_DIR}/throw.cpp)
fault(forks FAULT_FORKS)
fault(connects FAULT_CONNECTS)
fault(kills FAULT_KILLS)
fault(leaks-descriptors FAULT_LEAKS_DESCRIPTORS)
fault(floods-log FAULT_FLOODS_LOG)
fault(floods-bus FAULT_FLOODS_BUS)
fault(closes-descriptors FAULT_CLOSES_DESCRIPTORS)
fault(handles-signals FAULT_HANDLES_SIGNALS)
fault(scenario-aborts FAULT_IN_SCENARIO FAULT_ABORTS)
fault(scenario-aborts-in-probe FAULT_IN_SCENARIO FAULT_ABORTS FAULT_IN_PROBE)
fault(scenario-completes-twice FAULT_IN_SCENARIO FAULT_COMPLETES_TWICE)
fault(scenario-forges FAULT_IN_SCENARIO FAULT_FORGES)
fault(writes-garbage FAULT_WRITES_GARBAGE)
fault(says-odd-things FAULT_SAYS_ODD_THINGS)
fault(never-repeats-labels FAULT_NEVER_REPEATS_LABELS)
fault(rule-aborts FAULT_IN_RULE FAULT_ABORTS)
fault(report-aborts FAULT_IN_REPORT FAULT_ABORTS)

# For registry.elf_library: a library of which the dynamic loader has but the old hash table.
fault(sysv-hash)
target_link_options(org.faulty.sysv-hash PRIVATE LINKER:--hash-style=sysv)
add_dependencies(test_registry org.faulty.sysv-hash)
# For store.install: one that another ordeal is for.
add_dependencies(test_store org.faulty.previous-minor)

# Two plugins by the other compiler, for campaign.other_compiler. No sanitizer: an author has none.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  find_program(ORDEAL_OTHER_CC NAMES gcc-12 gcc REQUIRED)
  find_program(ORDEAL_OTHER_CXX NAMES g++-12 g++ REQUIRED)
else()
  find_program(ORDEAL_OTHER_CC NAMES clang-14 clang REQUIRED)
  find_program(ORDEAL_OTHER_CXX NAMES clang++-14 clang++ REQUIRED)
endif()
set(other_dir "${PROJECT_BINARY_DIR}/other-compiler")
set(sdk_dir "${PROJECT_SOURCE_DIR}/sdk")
set(other_flags -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror -I "${sdk_dir}/include"
  "-Wl,--version-script=${sdk_dir}/cmake/ordeal_plugin.map" -Wl,-z,defs)
file(MAKE_DIRECTORY "${other_dir}")
file(GLOB_RECURSE sdk_headers CONFIGURE_DEPENDS ${sdk_dir}/include/*.h ${sdk_dir}/include/*.hpp)
set(other_c "${CMAKE_CURRENT_SOURCE_DIR}/faults/fault.c")
set(other_cpp "${CMAKE_CURRENT_SOURCE_DIR}/consumers/digest_cpp/digest.cpp")
add_custom_command(OUTPUT "${other_dir}/org.example.other-c.so"
  COMMAND ${ORDEAL_OTHER_CC} -std=c11 ${other_flags} -DFAULT_IN_SCENARIO
    "-DFAULT_ID=\\\"org.example.other-c\\\"" "${other_c}" -o org.example.other-c.so
  DEPENDS "${other_c}" ${sdk_headers} WORKING_DIRECTORY "${other_dir}")
add_custom_command(OUTPUT "${other_dir}/org.example.digest.so"
  COMMAND ${ORDEAL_OTHER_CXX} -std=c++20 ${other_flags} "${other_cpp}" -o org.example.digest.so
  DEPENDS "${other_cpp}" ${sdk_headers} WORKING_DIRECTORY "${other_dir}")
add_custom_target(other_compiler_plugins
  DEPENDS "${other_dir}/org.example.other-c.so" "${other_dir}/org.example.digest.so")
add_dependencies(test_campaign other_compiler_plugins)

# Hostile trees on every containment tier; without arguments 100 runs of each.
add_executable(ordeal_hostile guardian/programs/hostile.cpp)
set_target_properties(ordeal_hostile PROPERTIES OUTPUT_NAME ordeal-hostile)
add_executable(hostile_trees faults/hostile_trees.cpp)
target_link_libraries(hostile_trees PRIVATE ordeal_guardian ordeal_guardian_client)
target_compile_definitions(hostile_trees PRIVATE HOSTILE_PROGRAM="$<TARGET_FILE:ordeal_hostile>")
add_dependencies(hostile_trees ordeal_hostile)
add_dependencies(sanitized hostile_trees)
add_test(NAME faults.hostile_trees COMMAND hostile_trees --runs 3)
set_tests_properties(faults.hostile_trees PROPERTIES LABELS "unit;sanitized" RUN_SERIAL ON TIMEOUT 120)

# What follows drives the installed host, or needs thousands of cells.
if(ORDEAL_SANITIZE)
  return()
endif()
add_executable(test_faults faults/plugin_faults_test.cpp e2e/program.cpp e2e/nginx.cpp
  e2e/installed.cpp $<TARGET_OBJECTS:test_main>)
target_include_directories(test_faults PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(test_faults PRIVATE Boost::json test_main)
add_dependencies(test_faults fault_plugins)
file(STRINGS faults/plugin_faults_test.cpp cases REGEX "^BOOST_AUTO_TEST_CASE\\(")
foreach(case IN LISTS cases)
  string(REGEX REPLACE "^BOOST_AUTO_TEST_CASE\\(([a-z_]+)\\).*" "\\1" case "${case}")
  add_test(NAME faults.${case}
    COMMAND test_faults --run_test=plugin_faults/${case} --log_level=test_suite)
  # Each run asks little of the machine and is judged by no figure: two may run at once.
  set_tests_properties(faults.${case} PROPERTIES LABELS e2e TIMEOUT 120 FIXTURES_REQUIRED stage)
endforeach()

add_executable(test_mutated_elf faults/mutated_elf_test.cpp $<TARGET_OBJECTS:test_main>)
target_include_directories(test_mutated_elf PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(test_mutated_elf PRIVATE ordeal_campaign OpenSSL::Crypto test_main)
add_dependencies(test_mutated_elf fault_plugins ordeal_cell_program)
add_test(NAME faults.mutated_elf COMMAND test_mutated_elf --log_level=message)
set_tests_properties(faults.mutated_elf PROPERTIES LABELS unit TIMEOUT 300)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS faults/plugin_faults_test.cpp)
