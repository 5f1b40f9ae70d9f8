# SPDX-License-Identifier: Apache-2.0
# Somebody without rights runs the shipped campaign against the shipped target, shortened, to a go.
set -eu
. /tmp/test/steps/as_person.sh
cd /home/person
start_target
run_to_go quick --yes --set "target.http=$url" \
  --set target.pid_file=/home/person/target.pid --set phases.0.duration=4s --set baseline.duration=500ms
for name in autonomous_campaign_report.json campaign_summary.txt campaign_report.html; do
  [ -s "$(report $name)" ] || { echo "$name was not written:"; ls "$(report '')"; exit 1; }
done
grep -q '"verdict"' "$(report autonomous_campaign_report.json)"

stop_target
wait
# Nothing is left of the run: this pid namespace has only the step's own processes.
left=$(find /proc -maxdepth 2 -name exe -lname '/usr/*/ordeal*' 2>/dev/null || true)
[ -z "$left" ] || { echo "still running: $left"; exit 1; }
