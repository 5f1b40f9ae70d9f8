#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a tarball of a clean Debian root: apt, a compiler, CMake, Ninja, and the archive's lists. The
# mirrors are apt's own. It is kept: made again only when this script has changed.
set -eu
tarball=$1
[ "$(id -u)" -eq 0 ] || { echo "skipped: the packages' tests need root"; exit 77; }

key=$(sha256sum <"$0")
if [ -f "$tarball" ] && [ "$(cat "$tarball.key" 2>/dev/null)" = "$key" ]; then
  echo "already there: $tarball"
  exit 0
fi
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' 'Origin: Debian' | sort -u)
[ -n "$sources" ] || { echo "apt knows no Debian archive; apt-get update, or look at /etc/apt/sources.list"; exit 1; }

mkdir -p "$(dirname "$tarball")"
rm -f "$tarball.key"
# Documents are left out here only: the setting is gone before anything is installed to be tested.
# Libraries the packages need are downloaded beforehand, so that a second run needs no network.
echo "$sources" | mmdebstrap --quiet --variant=apt --include=g++,cmake,ninja-build,pkgconf \
  --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --skip=cleanup/apt \
  --customize-hook='rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap' \
  --customize-hook='chroot "$1" apt-get clean' \
  --customize-hook='chroot "$1" apt-get install -qq --download-only libboost-json1.81.0 libboost-log1.81.0 libboost-thread1.81.0 libsqlite3-0 libssl3 libsodium23 libarchive13 libseccomp2 libnghttp2-14' \
  bookworm "$tarball" -
echo "$key" >"$tarball.key"
