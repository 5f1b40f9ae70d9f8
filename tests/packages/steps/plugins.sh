# SPDX-License-Identifier: Apache-2.0
# All shipped plugins are found and trusted, by root and by others; programs find one another;
# the man pages and the completion are there.
set -eu
. /tmp/test/steps/as_person.sh
for who in "" as_person; do
  $who ordeal plugin list --json >/tmp/list.json
  shipped=$(grep -c '"id": "org\.ordeal\.' /tmp/list.json)
  [ "$shipped" -eq 14 ] || { echo "listed $shipped plugins, expected 14"; cat /tmp/list.json; exit 1; }
  # A plugin that is not usable is told on standard error.
  told=$($who ordeal plugin list 2>&1 >/dev/null)
  [ -z "$told" ] || { echo "problems: $told"; exit 1; }
done
for file in /usr/share/man/man1/ordeal.1.gz /usr/share/man/man1/ordeal-demo-target.1.gz \
  /usr/share/bash-completion/completions/ordeal; do
  [ -s $file ] || { echo "$file is missing"; exit 1; }
done
ordeal schema campaign >/dev/null
# A package of plugins can name the interface it needs.
provided=$(dpkg-query -W -f '${Provides}' ordeal)
major=$(pkgconf --variable=abi_major ordeal-sdk)
minor=$(pkgconf --variable=abi_minor ordeal-sdk)
[ "$provided" = "ordeal-plugin-abi-$major (= $major.$minor)" ] || { echo "ordeal provides '$provided'"; exit 1; }
