#!/usr/bin/env bash
# inside.sh ROOT COMMAND...: runs a command in another system, with this checkout at its usual
# place and with the same /tmp. Mounts are gone when it ends.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/../.." && pwd)
export checkout
cp -L /etc/resolv.conf "$1/etc/resolv.conf"
mkdir -p "$1$checkout"
exec unshare --mount bash -euc '
    root=$1
    shift
    for place in proc sys dev; do mount --rbind "/$place" "$root/$place"; done
    mount --bind /tmp "$root/tmp"
    mkdir -p "$root$checkout"
    mount --bind "$checkout" "$root$checkout"
    exec chroot "$root" "$@"
' _ "$@"
