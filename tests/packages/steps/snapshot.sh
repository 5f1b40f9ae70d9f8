# SPDX-License-Identifier: Apache-2.0
# Everything in the root but what is not packages' own: mounts, homes, caches, logs, dpkg's data.
snapshot() {
  find / -xdev -mindepth 1 \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /home \
    -o -path /root -o -path /var/cache -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \
    -o -path /var/tmp \) -prune -o -print | sort
}
