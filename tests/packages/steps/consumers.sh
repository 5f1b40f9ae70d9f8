# SPDX-License-Identifier: Apache-2.0
# The out-of-tree plugins build, pass their tests and export only their entry, with nothing but the
# packages.
set -eu
cmake -DSOURCES=/tmp/test/consumers -DWORK=/tmp/consumers -DGENERATOR=Ninja \
  -DC_COMPILER=/usr/bin/cc -DCXX_COMPILER=/usr/bin/c++ -DNM=/usr/bin/nm -DPKG_CONFIG=/usr/bin/pkgconf \
  -P /tmp/test/consumers/run.cmake
