#!/usr/bin/env bash
# The integration with the real Home Assistant Core; see prepare.sh for where that comes from.
set -euo pipefail
args=("$@")
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
skip() {
    if [[ " ${args[*]} " == *" --no-skips "* ]]; then
        echo "test-ha cannot run: $*" >&2
        exit 1
    fi
    echo "test-ha is skipped: $*"
    exit 0
}
[[ $(uname) == Linux ]] || skip "it needs Linux"
command -v dpkg >/dev/null || skip "it needs Debian's packages"
[[ $(id -u) == 0 ]] || skip "it needs root, to make a system of its own"
unshare --mount --net true 2>/dev/null || skip "namespaces are not allowed here"

root=$("$here/prepare.sh") || skip "Debian testing or Home Assistant could not be had; see above"
export EARSHOT_HA_ROOT=$root

# Nothing leaves these networks. Discovery needs multicast, and no device but lo is here.
apart() {
    unshare --net bash -euc '
        ip link set lo up multicast on
        ip address add 192.168.77.1/24 dev lo
        ip route add 224.0.0.0/4 dev lo
        exec "$@"' _ "$@"
}
apart "$here/inside.sh" "$root" env -C "$PWD" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/ha/integration \
    /opt/ha/bin/python -m pytest -q -c tests/ha/integration/pytest.ini \
    --confcutdir=tests/ha/integration tests/ha/integration
apart .venv/bin/python -m pytest -q -m ha tests/ha --ignore=tests/ha/integration "$@"
