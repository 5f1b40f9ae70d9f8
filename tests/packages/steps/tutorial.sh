# SPDX-License-Identifier: Apache-2.0
# From an empty folder to a campaign with plugins of one's own, with nothing but the packages:
# somebody without rights writes one of each kind and installs it in their own place.
set -eu
. /tmp/test/steps/as_person.sh

# new, build, check, install: the commands of the README's tutorial
make_plugin() { # KIND NAME [LANGUAGE]
  cd /home/person
  as_person ordeal plugin new "$1" "$2" --lang "${3:-c++}"
  cd "$2"
  as_person cmake -G Ninja -B build
  as_person cmake --build build
  as_person ctest --test-dir build --no-tests=error --output-on-failure
  as_person ordeal plugin check build
  as_person ordeal plugin install build
  as_person ordeal plugin info "org.example.$2"
}
used() { # NAME: the newest run says that it used it
  grep -q "\"org.example.$1\"" "$(report autonomous_campaign_report.json)" ||
    { echo "the report does not name $1"; exit 1; }
}

make_plugin scenario acme-kv
as_person build/line_server 7379 >/tmp/server.log &
server=$!
run_to_go campaign.json --yes --set phases.0.duration=3s
kill $server
used acme-kv

make_plugin collector acme-values c
make_plugin rule acme-limit
make_plugin report acme-csv c
cd /home/person
sed 's/"report": \[/"collect": [{"collector": "system", "interval": "1s"}, {"collector": "acme-values", "interval": "1s"}], &{"report": "json"}, /
  s/"check_interval": "1s",/&"rules": [{"rule": "acme-limit"}],/' acme-csv/campaign.json >three.json
start_target
run_to_go three.json --yes --set "target.http=$url" --set phases.0.duration=3s
stop_target
for name in acme-values acme-limit acme-csv; do used $name; done
grep -q '^first,' "$(report acme-csv.csv)"

for name in acme-kv acme-values acme-limit acme-csv; do
  as_person ordeal plugin remove "org.example.$name"
done
as_person ordeal plugin list --json >/tmp/list.json
if grep 'org\.example' /tmp/list.json; then echo "not removed"; exit 1; fi
