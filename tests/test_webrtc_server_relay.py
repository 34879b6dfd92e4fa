"""The server as a process: how it starts, refuses to start, and ends."""

import asyncio
import gc
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

import webrtc_server_relay
from relay.options import gather
from relay.settings import Settings
from relay.web.access import IngressDoor
from tests.e2e.relay_process import RelayProcess, free_ports

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 30.0


beside_the_server = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def relay(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RelayProcess]:
    """One server for all tests that only look at it."""
    relay = await RelayProcess.start(tmp_path_factory.mktemp("relay"), "--demo")
    yield relay
    await relay.stop()


def refusal(*options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start the server in the expectation that it does not; return what it said."""
    return subprocess.run(
        [sys.executable, "webrtc_server_relay.py", *options],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("RELAY_")}
        | environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


# --- start ------------------------------------------------------------------------------


@beside_the_server
async def test_start(relay: RelayProcess) -> None:
    """It tells a person where to go, and all its parts are alive."""
    health = await relay.health()
    assert health["status"] == "healthy"
    assert health["webrtc_available"]
    assert health["audio_server_running"]
    assert set(health["parts"]) == {
        "signaling",
        "https",
        "audio_server",
        "history",
        "media",
        "media_worker",
        "housekeeping",
        "event_loop",
        "sources",
        "access",
        "analysis",
        "demo",
    }
    assert all(part["alive"] for part in health["parts"].values())
    said = relay.log.read_text()
    signaling, audio = relay.ports["signaling"], relay.ports["audio"]
    assert f"http://localhost:{signaling}/\n" in said
    assert f":{audio}/stream/latest.mp3\n" in said
    assert f"http://localhost:{signaling}/send\n" in said
    assert f":{audio}/stream/demo.mp3\n" in said
    assert f":{relay.ports['https']}/send\n" in said


@beside_the_server
async def test_options_are_shown_with_their_sources(relay: RelayProcess) -> None:
    """This machine is told where each option came from."""
    options = (await relay.health())["options"]
    assert options["signaling_port"]["source"] == "command line"
    assert options["max_connections"] == {"value": 1000, "source": "manifest"}


@beside_the_server
@pytest.mark.parametrize("port", ["signaling", "audio"])
async def test_sound_at_both_doors(relay: RelayProcess, port: str) -> None:
    """The demo is heard at the audio port and at the signaling port."""
    url = f"http://127.0.0.1:{relay.ports[port]}/stream/demo.mp3"
    async with (
        asyncio.timeout(TIMEOUT_S),
        aiohttp.ClientSession() as session,
        session.get(url) as answer,
    ):
        assert answer.content_type == "audio/mpeg"
        frame = await answer.content.readexactly(2)
    assert frame[0] == 0xFF
    assert frame[1] & 0xE0 == 0xE0


@beside_the_server
async def test_sound_over_https(relay: RelayProcess) -> None:
    """The same pages and streams, with a certificate of the authority that is given out."""
    async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as session:
        async with session.get(f"{relay.url}/ca.crt") as answer:
            trusts = ssl.create_default_context(cadata=await answer.text())
        url = f"{relay.https_url}/stream/demo.mp3"
        async with session.get(url, ssl=trusts) as answer:
            assert answer.content_type == "audio/mpeg"
            assert (await answer.content.readexactly(1)) == b"\xff"
        url = f"{relay.https_url}/ws".replace("https", "wss")
        async with session.ws_connect(url, ssl=trusts) as client:
            assert (await client.receive_json())["type"] == "available_streams"


@beside_the_server
async def test_pages_are_served(relay: RelayProcess) -> None:
    """The page is at the root, and whatever it is made of beside it."""
    async with aiohttp.ClientSession(relay.url) as session:
        for path in (
            "/",
            "/send",
            "/listen",
            "/talk",
            "/trust",
            "/diagnose",
            "/style.css",
        ):
            async with session.get(path) as answer:
                assert answer.status == 200, path


async def test_a_name_is_known_after_a_restart(tmp_path: Path) -> None:
    """Its address plays silence then; one that never was is still refused."""
    first = await RelayProcess.start(tmp_path, "--demo")
    try:
        await first.until_streams(1)
        await first.stop()
    finally:
        await first.kill()
    second = await RelayProcess.start(tmp_path)
    try:
        address = f"http://127.0.0.1:{second.ports['audio']}"
        async with aiohttp.ClientSession(address) as session:
            async with session.get("/streams.json") as answer:
                (stream,) = (await answer.json())["streams"]
                assert (stream["slug"], stream["state"]) == ("demo", "silent")
            async with session.get("/stream/demo.mp3") as answer:
                assert await answer.content.readexactly(2) == b"\xff\xfb"
            async with session.get("/stream/never.mp3") as answer:
                assert answer.status == 404
        await second.stop()
    finally:
        await second.kill()


# --- refusal to start -------------------------------------------------------------------


@pytest.mark.parametrize("port", ["signaling", "https", "audio", "media"])
def test_taken_port(tmp_path: Path, port: str) -> None:
    """A taken port is named together with its option, in one line without a traceback."""
    kind = socket.SOCK_DGRAM if port == "media" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("0.0.0.0", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        ports = free_ports() | {port: other.getsockname()[1]}
        ended = refusal(
            *(f"--{name}-port={number}" for name, number in ports.items()),
            f"--data-dir={tmp_path}",
            "--media-addresses=127.0.0.1",
        )
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("Earshot cannot start: ")
    assert str(ports[port]) in last
    assert f"{port}_port" in last
    assert "Traceback" not in ended.stderr
    assert "ready" not in ended.stdout


def test_wrong_option() -> None:
    """A value that the schema refuses is an error that names its option."""
    ended = refusal("--audio-port=loud")
    assert ended.returncode == 1
    assert "audio_port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_rule(tmp_path: Path) -> None:
    """What the schema lets through and means nothing is refused as well, with its place."""
    rule = '[{"who": "*", "may": "listen", "streams": "latest"}]'
    ended = refusal(
        *(f"--{name}-port={number}" for name, number in free_ports().items()),
        f"--data-dir={tmp_path}",
        "--media-addresses=127.0.0.1",
        f"--rules={rule}",
    )
    assert ended.returncode == 1
    assert "rules[0].streams" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_rules_and_the_audit_log(tmp_path: Path) -> None:
    """At both ports; what happened is written down, for the owner's eyes alone."""
    rule = '[{"who": "192.168.1.5", "may": "listen", "streams": "demo"}]'
    relay = await RelayProcess.start(tmp_path, "--demo", f"--rules={rule}")
    try:
        async with aiohttp.ClientSession() as session:
            for port in ("signaling", "audio"):
                url = f"http://127.0.0.1:{relay.ports[port]}/stream/demo.mp3"
                async with session.get(url) as answer:
                    assert answer.status == 403
            async with session.ws_connect(relay.websocket_url):
                pass
        await relay.stop()
    finally:
        await relay.kill()
    path = tmp_path / "data" / "audit.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    refused = [e["count"] for e in entries if e["event"] == "refused"]
    assert sum(refused) == 2
    assert "came_in" in [entry["event"] for entry in entries]
    assert path.stat().st_mode & 0o777 == 0o600


def test_ingress_without_its_network(tmp_path: Path) -> None:
    """Under the Supervisor the ingress address has to be there."""
    ended = refusal(
        *(f"--{name}-port={number}" for name, number in free_ports().items()),
        f"--data-dir={tmp_path}",
        "--media-addresses=127.0.0.1",
        SUPERVISOR_TOKEN="token of a test",
    )
    assert ended.returncode == 1
    assert "172.30.32.1" in ended.stderr
    assert "token of a test" not in ended.stderr + ended.stdout


async def test_without_https(tmp_path: Path) -> None:
    """Who switches it off has no port, no part and no authority."""
    relay = await RelayProcess.start(tmp_path, "--ssl=false")
    try:
        assert "https" not in (await relay.health())["parts"]
        assert not (tmp_path / "data" / "tls").exists()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", relay.ports["https"])
    finally:
        await relay.stop()


# --- the end ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_end(tmp_path: Path, number: int) -> None:
    """A signal ends it with exit code 0, and clients are told that the server goes away."""
    relay = await RelayProcess.start(tmp_path)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(relay.websocket_url) as client,
    ):
        await client.receive_json(timeout=TIMEOUT_S)
        stopping = asyncio.create_task(relay.stop(number))
        async with asyncio.timeout(TIMEOUT_S):
            while not client.closed:
                await client.receive()
        await stopping
    assert client.close_code == 1001


async def test_end_as_pid_1(
    tmp_path: Path, requires_program: Callable[[str], str]
) -> None:
    """The first process of a container gets no default for signals, and ends all the same."""
    if os.geteuid() != 0:
        pytest.skip("making a process number 1 takes root")
    unshare = (requires_program("unshare"), "--fork", "--pid", "--kill-child")
    relay = await RelayProcess.start(tmp_path, under=unshare)
    assert pid_inside(relay.pid) == 1
    await relay.stop()


def pid_inside(pid: int) -> int:
    """Return the number that a process has in its own namespace."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("NSpid:")]
    return int(line.split()[-1])


# --- ingress ----------------------------------------------------------------------------


async def test_ingress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the Supervisor the same pages have a second door, for the Supervisor alone."""
    told_to_stop = asyncio.Event()
    monkeypatch.setattr(webrtc_server_relay, "stop_signal", lambda: told_to_stop)
    ports, ingress_port = free_ports(), free_ports()["signaling"]
    options = gather(
        [
            *(f"--{name}-port={number}" for name, number in ports.items()),
            f"--data-dir={tmp_path}",
            "--media-addresses=127.0.0.1",
        ],
        {},
    )
    settings = Settings.from_options(options.values, supervised=True)
    door = IngressDoor("127.0.0.1", ingress_port, frozenset({"127.0.0.2"}))
    serving = asyncio.create_task(webrtc_server_relay.serve(settings, {}, door))
    statuses = [
        await _status(ingress_port, "127.0.0.2"),
        await _status(ingress_port, "127.0.0.1"),
        await _status(ports["signaling"], "127.0.0.1"),
    ]
    told_to_stop.set()
    await serving
    assert statuses == [200, 403, 200]


async def _status(port: int, own_address: str) -> int:
    """Ask for a page from one of this machine's addresses, as soon as there is an answer."""
    connector = aiohttp.TCPConnector(local_addr=(own_address, 0))
    async with (
        asyncio.timeout(TIMEOUT_S),
        aiohttp.ClientSession(connector=connector) as session,
    ):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/") as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


def test_modules_are_left_out_of_full_collections() -> None:
    """They would hold up all sound."""
    before = gc.get_freeze_count()
    try:
        webrtc_server_relay.leave_out_of_collections()
        assert gc.get_freeze_count() > before + 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
