#!/usr/bin/env bash
# Installs the Debian packages whose programs the tests run for real. Needs root; may be run again and again.
#
# Nothing that is installed here is started: Debian starts a server when its package is installed, unless
# policy-rc.d says no (invoke-rc.d(8)). Tests start what they need themselves, on 127.0.0.1, with settings of their own.
set -euo pipefail

PACKAGES=(
  # test sentences are spoken by flite and espeak-ng; fonts write test pictures; tesseract reads with its language data
  flite espeak-ng fonts-dejavu-core fonts-liberation tesseract-ocr-eng tesseract-ocr-nor
  # what the benches compare with, and a writer: a recorder
  ffmpeg
  # writers (tests/e2e/writers)
  aria2 chromium curl firefox-esr fuse3 lftp openssh-client openssh-server rclone rsync samba smbclient syncthing tar wget
  # the ledger on a server; the tests run a cluster of their own
  postgresql
  # promtool checks config/monitoring, systemd-analyze checks systemd/
  prometheus systemd
)

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "no apt-get, or not root: nothing was installed; tests skip where a program is missing"
  exit 0
fi

missing=()
for package in "${PACKAGES[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  exit 0
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
echo "+ apt-get install ${missing[*]}"
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
