#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#   in_root.sh WORK STEP     a step of the packages' test in the Debian root WORK/root
set -eu
work=$1 step=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$work/root
[ "$(id -u)" -eq 0 ] || { echo "skipped: the packages' tests need root"; exit 77; }

if [ "${IN_ROOT_NAMESPACE:-}" != yes ]; then
  export IN_ROOT_NAMESPACE=yes
  unshare --mount --pid --fork --kill-child "$0" "$@"
  if [ "$step" = purge ]; then rm -rf "$root"; fi # a failed one is left to be looked at
  exit 0
fi

if [ "$step" = install ]; then
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$work/debian.tar.zst"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  echo "person:x:1000:1000::/home/person:/bin/sh" >>"$root/etc/passwd"
  mkdir -p "$root/home/person"
  chown 1000:1000 "$root/home/person"
fi
mount --rbind --make-rslave /dev "$root/dev"
mount --rbind --make-rslave /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir "$root/tmp/test"
cp -r "$here/steps" "$here/../consumers" "$root/tmp/test/"
case $step in install) cp "$work"/debs/*.deb "$root/tmp/test/" ;; esac
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
  http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
  chroot "$root" /bin/sh "/tmp/test/steps/$step.sh"
