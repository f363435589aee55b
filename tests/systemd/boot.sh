#!/bin/bash
# Boots systemd as PID 1 over a copy-on-write view of this host, in namespaces of its own: nothing it writes stays, and
# the kernel's limits are read-only for it. Started by container.py inside `unshare`.
#   boot.sh WORK CHECKOUT PYTHON_BASE ENVIRONMENT
set -euo pipefail
work=$1 checkout=$2 base=$3 environment=$4
root=$work/root

mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir -p "$work/upper" "$work/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$root"

# Where any user may read them: Reelwatch, and the Python it runs in.
for bound in "$checkout src" "$base python" "$environment venv"; do
  mkdir -p "$root/opt/${bound##* }"
  mount --bind "${bound% *}" "$root/opt/${bound##* }"
done

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -p "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s null "$root/dev/console"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do
  ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"
done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# Only what a service stands on: no unit of the host's, nothing that looks after devices, logins or networks.
units=$root/etc/systemd/system
rm -rf "${units:?}"/*
: >"$root/etc/fstab"
printf '[Unit]\nDescription=What a service stands on\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n' \
  >"$units/trial.target"
for unit in dev-hugepages.mount dev-mqueue.mount kmod-static-nodes.service proc-sys-fs-binfmt_misc.automount \
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  systemd-binfmt.service systemd-firstboot.service systemd-journal-flush.service systemd-logind.service \
  systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-udev-trigger.service \
  systemd-udevd.service; do
  ln -sf /dev/null "$units/$unit"
done

cd "$root"
mkdir -p .host
pivot_root . .host
umount -l /.host
# Credentials are mounted in a process of their own, and come to the service by propagation, as after a real boot.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  "$(command -v /usr/lib/systemd/systemd /lib/systemd/systemd | head -1)" --system --log-target=journal --unit=trial.target </dev/null
