# SPDX-License-Identifier: Apache-2.0
# Somebody without rights runs the shipped campaign against the shipped target, shortened, to a go.
set -eu
as_person() { setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/person "$@"; }
cd /home/person
as_person ordeal-demo-target --max-lifetime 2m --pid-file target.pid >/tmp/target.log &
url=
for _ in 1 2 3 4 5 6 7 8 9 10; do
  url=$(sed -n 's/^listening on //p' /tmp/target.log)
  [ -z "$url" ] || break
  sleep 0.2
done
[ -n "$url" ] || { echo "the target does not listen"; exit 1; }

as_person ordeal run quick --yes --set "target.http=$url" \
  --set target.pid_file=/home/person/target.pid --set phases.0.duration=4s --set baseline.duration=500ms
reports=$(echo /home/person/.local/state/ordeal/runs/*/reports)
for report in autonomous_campaign_report.json campaign_summary.txt; do
  [ -s "$reports/$report" ] || { echo "$report was not written:"; ls "$reports"; exit 1; }
done
grep -q '"verdict"' "$reports/autonomous_campaign_report.json"

kill "$(cat target.pid)"
wait
# Nothing is left of the run: this pid namespace has only the step's own processes.
left=$(for process in /proc/[0-9]*; do tr '\0' ' ' <"$process/cmdline" 2>/dev/null || true; echo; done | grep ordeal || true)
[ -z "$left" ] || { echo "still running: $left"; exit 1; }
