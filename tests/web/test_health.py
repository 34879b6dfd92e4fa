"""The truth about the server."""

import pytest

from relay.web.access import Access
from relay.web.access_mode import AccessMode, Mode
from relay.web.health import AUDIO_SERVER, MEDIA, PartState
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.own_names import OwnNames
from tests.web.house import House


async def _ask(house: House) -> tuple[int, dict[str, object]]:
    async with house.session.get("/health") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()


async def test_healthy(house: House) -> None:
    """The fields that existing monitors read are all there, and true."""
    house.health.register(MEDIA, lambda: PartState(True, {"port": 8082}))
    house.health.register(AUDIO_SERVER, lambda: PartState(True))
    await house.sender()
    await house.client()
    status, report = await _ask(house)
    assert status == 200
    assert report["status"] == "healthy"
    assert report["webrtc_available"] is True
    assert report["audio_server_running"] is True
    assert report["active_streams"] == 1
    assert report["connected_clients"] == 2
    assert isinstance(report["uptime_seconds"], float)
    assert report["parts"] == {
        "media": {"alive": True, "port": 8082},
        "audio_server": {"alive": True},
    }


@pytest.mark.parametrize("dead", [MEDIA, AUDIO_SERVER, "housekeeping"])
async def test_a_part_is_dead(house: House, dead: str) -> None:
    """One dead part makes the server unhealthy, and is named."""
    for part in (MEDIA, AUDIO_SERVER, "housekeeping"):
        house.health.register(part, lambda part=part: PartState(part != dead))
    status, report = await _ask(house)
    assert (status, report["status"]) == (503, "unhealthy")
    assert report["webrtc_available"] is (dead != MEDIA)
    assert report["audio_server_running"] is (dead != AUDIO_SERVER)
    parts = report["parts"]
    assert isinstance(parts, dict)
    assert [part for part, state in parts.items() if not state["alive"]] == [dead]


async def test_a_check_that_fails(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A part that cannot be asked is dead, and the report still comes."""

    def check() -> PartState:
        raise ZeroDivisionError

    house.health.register(MEDIA, check)
    status, report = await _ask(house)
    assert (status, report["webrtc_available"]) == (503, False)
    assert "the check of media failed" in caplog.text


async def test_part_that_was_never_registered(house: House) -> None:
    """What is not there does not run."""
    _, report = await _ask(house)
    assert report["webrtc_available"] is False
    assert report["audio_server_running"] is False


async def test_options(house: House) -> None:
    """This machine is told the options and where they came from; others are not."""
    _, report = await _ask(house)
    assert report["options"] == {"port": {"value": 1}}
    network = HomeNetwork(proxies=networks_of(["127.0.0.1"], "proxies"))
    async with House(access=Access(OwnNames(), network)) as proxied:
        far = {"X-Forwarded-For": "192.168.1.3"}
        async with proxied.session.get("/health", headers=far) as answer:
            assert "options" not in await answer.json()


async def test_strangers_are_told_whether_it_is_well_and_no_more() -> None:
    """Where everybody is paired, and this one is not."""
    network = HomeNetwork(proxies=networks_of(["127.0.0.1"], "proxies"))
    access = Access(OwnNames(), network, mode=AccessMode(Mode.PAIRED))
    async with House(access=access) as house:
        far = {"X-Forwarded-For": "192.168.1.3"}
        async with house.session.get("/health", headers=far) as answer:
            assert await answer.json() == {"status": "healthy"}
