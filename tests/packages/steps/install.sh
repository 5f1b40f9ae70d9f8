# SPDX-License-Identifier: Apache-2.0
# The packages install with what they say they need, and nothing beside.
set -eu
. /tmp/test/steps/snapshot.sh
snapshot >/root/before
cd /tmp/test
quick='-o Dpkg::Options::=--force-unsafe-io -o APT::Sandbox::User=root'
# shellcheck disable=SC2086 # a list of options
apt-get $quick install -qq --no-install-recommends ./*.deb ||
  { apt-get update -qq; apt-get $quick install -qq --no-install-recommends ./*.deb; }
dpkg --audit
ordeal --version
