"""How each part of the server is asked for its health, with the real parts."""

import asyncio
import time
from pathlib import Path

from aiohttp import web

from relay.consumers.history import History
from relay.consumers.media_worker import MediaWorker
from relay.events import EventBus, SecondMeasured
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import ConfiguredSource, SourceSettings
from relay.sources.register import SourceRegister
from relay.web import checks
from relay.web.http_server import HttpServer
from relay.web.loop_lag import LoopLag
from relay.webrtc.endpoint import WebRtcEndpoint
from tests.adapters.house import MqttHouse
from tests.tls.house_keys import keeper
from tests.web.fake_history import FakeHistoryStore, second
from tests.web.house import PATIENCE_S, House


async def test_server() -> None:
    """A server is alive while it listens, and tells how full it is."""
    server = HttpServer(web.Application(), 0, "audio_port", hosts=["127.0.0.1"])
    async with server:
        check = checks.of_server(server)
        state = check()
        assert state.alive
        assert state.details == {
            "port": server.port,
            "connections": 0,
            "max_connections": server.max_connections,
            "dropped": 0,
            "refused": 0,
        }
        server._acceptors[0].close()
        assert not server.alive


async def test_certificates(tmp_path: Path) -> None:
    """Whose certificate it is, for whom, how long still, and what is to be looked after."""
    async with keeper(tmp_path) as certificates:
        state = checks.of_certificates(certificates, 8443)()
        assert state.alive
        assert state.details["port"] == 8443
        assert state.details["source"] == "own"
        assert "192.168.1.5" in state.details["names"]
        assert state.details["days_left"] == 89
        assert state.details["problem"] is None
    assert not checks.of_certificates(certificates, 8443)().alive


async def test_endpoint() -> None:
    """The media part tells where it is, how it sends, and how many peers it has."""
    async with WebRtcEndpoint(EventBus(), port=0, addresses=["127.0.0.1"]) as endpoint:
        state = checks.of_endpoint(endpoint)()
        assert state.alive
        assert state.details["port"] == endpoint.port
        assert state.details["addresses"] == ["127.0.0.1"]
        assert state.details["sends_by"] in ("sendmmsg", "sendto")
        assert state.details["peers"] == 0
        endpoint._around.mux.sockets[0].close()
        assert not endpoint.alive


async def test_worker() -> None:
    """The media worker is alive while its thread is."""
    worker = MediaWorker()
    check = checks.of_worker(worker)
    assert not check().alive
    worker.start()
    assert check().alive
    assert check().details == {"waiting": 0, "dropped": 0}
    worker.close()
    deadline = time.monotonic() + PATIENCE_S
    while check().alive and time.monotonic() < deadline:
        time.sleep(0.01)  # noqa: ASYNC251 - it waits for a thread
    assert not check().alive


async def test_housekeeping(house: House) -> None:
    """The regular rounds are alive while their task is."""
    check = checks.of_housekeeping(house.housekeeping)
    assert not check().alive
    async with house.housekeeping:
        assert check().alive
        house.housekeeping.make_rounds()
        assert check().details == {"sweeps": 1, "cleanups": 0, "found": 0}
    assert not check().alive


async def test_loop() -> None:
    """The event loop's lag is told in milliseconds, and its sampling is alive or not."""
    lag = LoopLag()
    check = checks.of_loop(lag)
    lag._samples.extend([0.25, 0.0015])
    state = check()
    assert not state.alive
    assert state.details["lag_ms"] == 1.5
    assert state.details["worst_lag_ms"] == 250.0
    async with lag:
        assert check().alive


async def test_sources() -> None:
    """The sources are alive while somebody looks after each; one that fails is no fault."""
    settings = SourceSettings(sources=(ConfiguredSource("Rain", "file:rain.mp3"),))
    async with SourceRegister(MediaRelay[RtpPacket](EventBus()), settings) as register:
        check = checks.of_sources(register)
        assert check().alive
        assert check().details == {"icecast_port": None, "idle": 1}
    assert not check().alive


async def test_mqtt() -> None:
    """A house without a broker is well; one in which nobody looks for it any more is not."""
    async with MqttHouse(None) as house:
        check = checks.of_mqtt(house.mqtt)
        await house.until_asked()
        assert check().alive
        assert check().details == {
            "state": "no_broker",
            "broker": None,
            "problem": None,
        }
    assert not check().alive


async def test_history() -> None:
    """A store that is away is an alarm, and no reason to restart what carries the sound."""
    store = FakeHistoryStore()
    store.broken = True
    bus = EventBus()
    async with History(store, bus, write_every_s=0.01) as history:
        check = checks.of_history(history)
        bus.publish(SecondMeasured(second(0)))
        async with asyncio.timeout(5):
            while history.problem is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.002)
        assert check().alive
        assert check().details == {
            "keeps": False,
            "problem": "the store is away",
            "waiting": 1,
            "dropped": 0,
        }
        store.broken = False
    assert not check().alive
