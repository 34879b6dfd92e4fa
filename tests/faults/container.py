"""S10: the server is started as a container starts it, and asked what it may do."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.not_measured import NotMeasured
from tests.e2e.api import Api, admin_token, bearing
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import joined
from tests.faults.row import Figure, Row

USER, UID = "earshot", 1963
"""The user of the image. Its number is nobody's here."""

CAPABILITIES = (
    "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,"
    "net_raw,sys_chroot,mknod,audit_write,setfcap"
)
"""What Docker lets root keep in a container."""

CONTAINER = """
set -e
data=$1 passwd=$2 capabilities=$3; shift 3
mount --bind "$data" "$data"
mount --bind "$passwd" /etc/passwd
while read -r _ place _; do
  case $place in "$data"|/proc|/proc/*|/sys|/sys/*) ;;
  *) mount -o remount,bind,ro "$place" ;;
  esac
done < /proc/self/mounts
exec setpriv --bounding-set="-all,+$(echo "$capabilities" | sed 's/,/,+/g')" \
  --inh-caps=-all env RELAY_USER=earshot "$@"
"""
"""A mount namespace in which everything can be read, and the data folder alone be written."""

NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc")
EXIT_WITHIN_S, STRETCH_S = 5.0, 1.0
SOUND_BYTES = 2000
NO_CAPABILITIES = {"CapInh", "CapPrm", "CapEff", "CapAmb"}


async def contain() -> Row:
    """Have it do all that it does, look at the process meanwhile, and end it."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise NotMeasured("namespaces need root, and unshare")
    with open_folder() as folder:
        data, passwd, options = _furnish(folder)
        start = ("sh", "-c", CONTAINER, "sh", str(data), str(passwd), CAPABILITIES)
        relay = await RelayProcess.start(
            folder, f"--options={options}", under=(*NAMESPACES, *start)
        )
        try:
            await _use(relay)
            figures = _what_it_may(relay, data)
            exit_s = await relay.stop()
        finally:
            await relay.kill()
        strangers = _not_owned(data)
    return Row(
        "S10",
        "a container: root at first, and read-only but for the data folder",
        (
            *figures,
            Figure(
                "files in the data folder that others own or read", strangers, limit=0
            ),
            Figure("exit after", exit_s, "s", EXIT_WITHIN_S, STRETCH_S),
        ),
    )


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder into which every user may look."""
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _furnish(folder: Path) -> tuple[Path, Path, Path]:
    """Return the data folder, a list of users with the image's, and options for root's eyes."""
    data, passwd, options = (folder / n for n in ("data", "passwd", "options.json"))
    user = f"{USER}:x:{UID}:{UID}::/:/usr/sbin/nologin\n"
    passwd.write_text(Path("/etc/passwd").read_text() + user)
    data.mkdir(mode=0o700)
    options.write_text('{"access": "paired"}')
    options.chmod(0o600)  # as the Supervisor leaves it
    return data, passwd, options


async def _use(relay: RelayProcess) -> None:
    """Pair, send, receive, listen, and open a page over https: what reads and writes files."""
    async with bearing(await admin_token(relay)) as session:
        api = Api(relay, session)
        made = await api.ask("POST", "/api/devices", {"name": "Speaker"})
        url = relay.websocket_url
        async with joined(session, url) as sender, joined(session, url) as receiver:
            await sender.send("Nursery")
            await receiver.receive(name="nursery")
            path = f"/p/{made['key']}/stream/nursery.mp3"
            async with session.get(
                f"http://{relay.place.host}:{relay.ports['audio']}{path}"
            ) as sound:
                await sound.content.readexactly(SOUND_BYTES)
            async with session.get(f"{relay.https_url}/send.html", ssl=False) as page:
                assert page.status == 200


def _what_it_may(relay: RelayProcess, data: Path) -> tuple[Figure, ...]:
    threads = [_status(path) for path in Path(f"/proc/{relay.pid}/task").iterdir()]
    ids = {" ".join([str(UID)] * 4)}
    not_given_up = [
        thread
        for thread in threads
        if {thread["Uid"], thread["Gid"]} != ids
        or thread["Groups"]
        or any(int(thread[name], 16) for name in NO_CAPABILITIES)
    ]
    first = int(threads[0]["NSpid"].split()[-1])
    return (
        Figure("threads", len(threads)),
        Figure(
            "of them with root, a group or a capability",
            len(not_given_up),
            limit=0,
            stretch=0,
        ),
        Figure("number of the process in its namespace", first, limit=1),
        Figure(
            "places that it may write, beside the data folder",
            len(_writable(relay, data)),
            limit=0,
            stretch=0,
        ),
        Figure(
            "files that it holds open to write elsewhere",
            len(_written(relay, data)),
            limit=0,
            stretch=0,
        ),
        Figure("files of the program that it may change", _changeable(), limit=0),
    )


def _status(process: Path) -> dict[str, str]:
    lines = (process / "status").read_text().splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name: " ".join(value.split()) for name, _, value in pairs}


def _writable(relay: RelayProcess, data: Path) -> list[str]:
    """Return where, of all mounts and usual places, its user can make a file in its namespace."""
    mounts = Path(f"/proc/{relay.pid}/mounts").read_text().splitlines()
    places = {line.split()[1] for line in mounts}
    places |= {
        "/",
        "/tmp",
        "/var/tmp",
        "/run",
        "/dev/shm",
        "/etc",
        "/home",
        str(data.parent),
    }
    script = 'for place; do touch "$place/earshot-was-here" 2>&- && echo "$place"; done'
    run = subprocess.run(
        [
            *("nsenter", "--target", str(relay.pid), "--mount"),
            *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"),
            *("sh", "-c", script, "sh", *sorted(places)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = run.stdout.split()
    assert str(data) in found, f"the data folder can be written: {run.stderr}"
    (data / "earshot-was-here").unlink()
    return [place for place in found if place != str(data)]


def _written(relay: RelayProcess, data: Path) -> list[Path]:
    """Return the files, beside its log, that the process has open for writing elsewhere."""
    found = []
    for link in Path(f"/proc/{relay.pid}/fd").iterdir():
        file = Path(os.readlink(link))
        if not file.is_absolute() or not stat.S_ISREG(link.stat().st_mode):
            continue
        writes = bool(link.lstat().st_mode & stat.S_IWUSR)
        if writes and file != relay.log and not file.is_relative_to(data):
            found.append(file)
    return found


def _changeable() -> int:
    """Return how many files of the program its user may write, were they not read-only."""
    root = Path(__file__).resolve().parents[2]
    files = [root, *(f for name in ("relay", "www") for f in (root / name).rglob("*"))]
    return sum(
        bool(f.stat().st_mode & stat.S_IWOTH) or f.stat().st_uid == UID for f in files
    )


def _not_owned(data: Path) -> int:
    """Return how many files of the data folder are not the user's own and private."""
    kept = [path for path in (data, *data.rglob("*"))]
    assert len(kept) > 1, "it has kept something"
    return sum(
        path.lstat().st_uid != UID
        or bool(path.lstat().st_mode & 0o077 and path.is_file())
        for path in kept
    )
