# SPDX-License-Identifier: Apache-2.0
# Somebody without rights. What is started in the background is ended by its pid file.
as_person() { setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/person "$@"; }

# The shipped target, in the current folder; its address becomes $url.
start_target() {
  as_person ordeal-demo-target --max-lifetime 3m --pid-file target.pid >/tmp/target.log &
  url=
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    url=$(sed -n 's/^listening on //p' /tmp/target.log)
    [ -z "$url" ] || return 0
    sleep 0.2
  done
  echo "the target does not listen"
  exit 1
}
stop_target() { kill "$(cat target.pid)"; }

# A file of the newest run's reports.
report() { ls -d /home/person/.local/state/ordeal/runs/* | tail -n 1 | sed "s,\$,/reports/$1,"; }

# A campaign that must end with a go. Invalid (114) says that the machine was busy: again, at most four times.
run_to_go() {
  for _ in 1 2 3 4 5; do
    status=0
    as_person ordeal run "$@" || status=$?
    [ $status -eq 114 ] || break
    sleep 2
  done
  [ $status -eq 0 ] || { echo "ordeal run $* ended with $status"; exit 1; }
}
