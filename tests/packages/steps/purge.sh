# SPDX-License-Identifier: Apache-2.0
# A purge leaves nothing of the packages behind, and touches nobody's runs.
set -eu
. /tmp/test/steps/snapshot.sh
runs=$(find /home -path '*/runs/*' | wc -l)
apt-get -o Dpkg::Options::=--force-unsafe-io purge -qq ordeal ordeal-plugins libordeal-dev
apt-get -o Dpkg::Options::=--force-unsafe-io autoremove -qq --purge
snapshot >/root/after
if ! diff /root/before /root/after; then echo "the purge left or took the files above"; exit 1; fi
if dpkg -l | grep ordeal; then echo "dpkg still knows the packages"; exit 1; fi
[ "$(find /home -path '*/runs/*' | wc -l)" -eq "$runs" ] || { echo "the purge removed runs"; exit 1; }
