#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the packages into a folder with the network switched off.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "skipped: the packages' tests need root"; exit 77; }
"$here/packaging/npm/tarballs.sh"
# Debug information is stripped again and paths are hidden by ccache: without their flags the objects
# are those of the release build.
DEB_BUILD_OPTIONS="parallel=2 nocheck noautodbgsym reproducible=-fixfilepath,-fixdebugpath"
DEB_CFLAGS_STRIP=-g DEB_CXXFLAGS_STRIP=-g
export DEB_BUILD_OPTIONS DEB_CFLAGS_STRIP DEB_CXXFLAGS_STRIP
exec unshare --net "$here/packaging/build-deb" "$1"
