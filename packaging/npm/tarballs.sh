#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts the tarball of every npm package that becomes part of a plugin into packaging/npm/tarballs, at
# the version of package-lock.json, checked against its integrity hash. Takes one that is already
# there without any network. Prints NAME VERSION FILE for each.
set -eu
cd "$(dirname "$0")"

# The value of a key in the lock file's entry of a package.
locked() { # PACKAGE KEY
  awk -v entry="\"node_modules/$1\": {" -v key="\"$2\":" '
    index($0, entry) { inside = 1 }
    inside && $1 == key { gsub(/[",]/, "", $2); print $2; exit }' package-lock.json
}

sha512() { openssl dgst -sha512 -binary "$1" | openssl base64 -A; }

mkdir -p tarballs
for package in uplot; do
  version=$(locked "$package" version)
  integrity=$(locked "$package" integrity)
  case "$version/$integrity" in
    ?*/sha512-?*) ;;
    *) echo "tarballs.sh: package-lock.json has no version and sha512 of $package" >&2; exit 1 ;;
  esac
  file=tarballs/$package-$version.tgz
  if [ ! -f "$file" ]; then
    npm pack --silent --pack-destination tarballs "$package@$version" >/dev/null ||
      { echo "tarballs.sh: npm could not fetch $package@$version" >&2; exit 1; }
  fi
  found=sha512-$(sha512 "$file")
  if [ "$found" != "$integrity" ]; then
    echo "tarballs.sh: $PWD/$file is not what package-lock.json names: its hash is $found, expected" \
      "$integrity; remove it to have it fetched again" >&2
    exit 1
  fi
  echo "$package $version $PWD/$file"
done
