#!/usr/bin/env bash
# Home Assistant Core with a Python that is new enough for it, in a folder of its own: prints the
# folder. Made once (two minutes and 1 GB below the user's cache), then reused.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/earshot-home-assistant
root=$cache/root
stamp=$root/.made-by

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
wanted=$(cat "$here/prepare.sh" "$here/requirements.txt" | sha256sum)
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    echo "$root"
    exit
fi
say() { echo "test-ha: $*" >&2; }

# Where apt gets Debian from; its release with that Python is in testing.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | grep -v security | head -n 1)
command -v debootstrap >/dev/null || {
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends debootstrap \
        >/dev/null
} >&2
script=/usr/share/debootstrap/scripts/forky
[[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid # older than the release

say "a Debian with Python 3.14, once"
rm -rf --one-file-system "$root"
# Unpacked is enough: nothing in there is ever configured, started or upgraded.
debootstrap --foreign --variant=minbase --include=python3.14-venv,ca-certificates \
    forky "$root" "$mirror" "$script" >"$cache/debootstrap.log" || {
    tail -n 5 "$cache/debootstrap.log" >&2
    exit 1
}
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
    rm "$package"
done
echo 'root:x:0:0:root:/root:/bin/bash' >"$root/etc/passwd"
mkdir -p "$root"/{etc/ssl/certs,opt,usr/local/bin}
# Whom this machine trusts, and where its pip looks.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
index=$("$here/../../.venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)

say "Home Assistant Core, once"
cp "$(command -v "$here/../../.venv/bin/uv")" "$root/usr/local/bin/uv"
cp "$here/requirements.txt" "$root/opt/"
"$here/inside.sh" "$root" env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    UV_CACHE_DIR=/opt/uv ${index:+UV_DEFAULT_INDEX="$index"} bash -euc '
    uv venv -q --python /usr/bin/python3.14 /opt/ha
    VIRTUAL_ENV=/opt/ha uv pip install -q --compile-bytecode --no-deps --require-hashes -r /opt/requirements.txt
    rm -rf /opt/uv
' >&2
echo "$wanted" >"$stamp"
echo "$root"
