# SPDX-License-Identifier: Apache-2.0
# systemd-analyze verify on the unit, with the program of the stage in place of the installed one.
file(READ "${UNIT}" text)
string(REGEX REPLACE "ExecStart=[^ ]+/ordeal " "ExecStart=${PROGRAM} " text "${text}")
string(FIND "${text}" "ExecStart=${PROGRAM} run" found)
if(found EQUAL -1)
  message(FATAL_ERROR "${UNIT} does not start ordeal")
endif()
foreach(line "Type=notify" "NotifyAccess=all" "WatchdogSec=")
  string(FIND "${text}" "\n${line}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "${UNIT} has no ${line}")
  endif()
endforeach()
file(WRITE "${FOLDER}/ordeal@.service" "${text}")
execute_process(COMMAND "${SYSTEMD_ANALYZE}" verify --man=no "${FOLDER}/ordeal@quick.service"
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0 OR err MATCHES "ordeal@")
  message(FATAL_ERROR "systemd-analyze verify: ${code}\n${out}${err}")
endif()
# A mistake is found: the check itself works.
string(REPLACE "Type=notify" "Type=notified" broken "${text}")
string(REPLACE "WatchdogSec=" "WatchdogSecs=" broken "${broken}")
file(WRITE "${FOLDER}/broken@.service" "${broken}")
execute_process(COMMAND "${SYSTEMD_ANALYZE}" verify --man=no "${FOLDER}/broken@quick.service"
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT err MATCHES "WatchdogSecs")
  message(FATAL_ERROR "systemd-analyze verify found nothing wrong with a broken unit: ${err}")
endif()
