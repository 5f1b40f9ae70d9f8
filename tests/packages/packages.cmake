# SPDX-License-Identifier: Apache-2.0
# The Debian packages: built without a network, looked over by lintian, installed into a clean Debian
# root and used there. Needs root (a chroot, mounts) and Debian's archive; skipped for anyone else.
set(work "${PROJECT_BINARY_DIR}/packages")
set(here "${CMAKE_CURRENT_LIST_DIR}")

function(package_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "COMMAND;PROPERTIES")
  add_test(NAME packages.${name} COMMAND ${arg_COMMAND})
  set_tests_properties(packages.${name} PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
    ${arg_PROPERTIES})
endfunction()
# A step in the root, in mount and pid namespaces of its own: whatever it mounts or starts ends with it.
function(root_test name)
  package_test(${name} COMMAND "${here}/in_root.sh" "${work}" ${name} ${ARGN})
  set_tests_properties(packages.${name} PROPERTIES FIXTURES_REQUIRED packages_installed
    RESOURCE_LOCK packages_root)
endfunction()

package_test(build COMMAND "${here}/build.sh" "${work}/debs"
  PROPERTIES FIXTURES_SETUP packages_debs)
package_test(lintian COMMAND "${here}/lintian.sh" "${work}/debs"
  PROPERTIES FIXTURES_REQUIRED packages_debs)
package_test(bootstrap COMMAND "${here}/bootstrap.sh" "${work}/debian.tar.zst"
  PROPERTIES FIXTURES_SETUP packages_bootstrap)
package_test(install COMMAND "${here}/in_root.sh" "${work}" install
  PROPERTIES FIXTURES_REQUIRED "packages_debs;packages_bootstrap" FIXTURES_SETUP packages_installed)
root_test(plugins)
root_test(run)
root_test(consumers)
root_test(tutorial)
# Load is measured: nothing else may run beside it.
set_tests_properties(packages.run packages.tutorial PROPERTIES RUN_SERIAL ON)
package_test(purge COMMAND "${here}/in_root.sh" "${work}" purge
  PROPERTIES FIXTURES_CLEANUP packages_installed)
