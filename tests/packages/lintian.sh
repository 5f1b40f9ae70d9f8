#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No error of lintian, nor a program or plugin without hardening or with a library path of its own.
set -eu
debs=$1
status=0
found=$(lintian --allow-root --display-info --fail-on error "$debs"/*.changes) || status=$?
echo "$found"
if [ $status -ne 0 ]; then echo "lintian: errors"; exit 1; fi
if echo "$found" | grep -E 'hardening-no-|custom-library-search-path'; then exit 1; fi

# What lintian does not look at in plugins.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$scratch"; done
count=0
for file in "$scratch"/usr/bin/* "$scratch"/usr/libexec/ordeal/* "$scratch"/usr/lib/*/ordeal/plugins/*; do
  name=${file#"$scratch"}
  dynamic=$(readelf -dW "$file")
  symbols=$(readelf -sW --dyn-syms "$file")
  case "$name" in
    */ordeal-guardian) # static
      ! readelf -lW "$file" | grep -q INTERP || { echo "$name: not static"; exit 1; } ;;
    *)
      readelf -hW "$file" | grep -q 'Type: *DYN' || { echo "$name: not position independent"; exit 1; }
      readelf -lW "$file" | grep -q GNU_RELRO || { echo "$name: no RELRO"; exit 1; }
      echo "$dynamic" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || { echo "$name: lazy binding"; exit 1; }
      case "$name" in
        */ordeal-check-heap.so) ;; # counts allocations; it has no buffer to protect
        *) echo "$symbols" | grep -q __stack_chk_fail || { echo "$name: no stack protector"; exit 1; } ;;
      esac ;;
  esac
  if echo "$dynamic" | grep -E 'R(UN)?PATH'; then echo "$name: has a library path"; exit 1; fi
  count=$((count + 1))
done
[ $count -eq 19 ] || { echo "looked at $count files, expected 4 programs, 1 library and 14 plugins"; exit 1; }
