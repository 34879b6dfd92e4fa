"""Tests of relay/web/recording_api.py: who may hear a stream may have it written down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from relay.web.house_rules import HouseRules, Rule
from tests.web.house import House, description
from tests.web.test_own_audience import BEHIND_PROXY

TABLET = {"X-Forwarded-For": "192.168.1.6"}
SENDER = {"X-Forwarded-For": "192.168.1.5"}
ATTIC_IS_ANNAS = Rule.parse(
    {"who": "Anna", "may": "listen", "streams": "Attic"}, "rules[0]"
)


@asynccontextmanager
async def house_in(folder: Path) -> AsyncIterator[House]:
    rules = HouseRules([ATTIC_IS_ANNAS])
    async with House(access=BEHIND_PROXY, rules=rules, data_dir=folder) as house:
        yield house


async def ask(
    house: House, method: str, name: str, headers: dict[str, str] = TABLET
) -> tuple[int, dict[str, Any]]:
    path = f"/api/streams/{name}/recording"
    async with house.session.request(method, path, headers=headers) as answer:
        return answer.status, await answer.json()


async def send(house: House, name: str) -> None:
    client = await house.socket(headers=SENDER)
    await client.hear("available_streams")
    await client.ask("start_sending", name=name)
    await client.ask("webrtc_offer", offer=description("offer"))
    house.endpoint.sender.speak()
    await client.heard()
    house.lobby.sweep()


async def test_a_recording_is_started_and_stopped_by_who_may_hear(
    tmp_path: Path,
) -> None:
    """Everybody who looks at the streams is told that it goes on."""
    async with house_in(tmp_path) as house:
        await send(house, "Nursery")
        looker = await house.client(details=True)
        assert await ask(house, "GET", "nursery") == (200, {"recording": False})
        status, state = await ask(house, "POST", "Nursery")
        assert (status, state["recording"]) == (200, True)
        assert (await looker.hear("stream_changed"))["stream"]["recorded"]
        assert (await ask(house, "POST", "nursery"))[1]["began_at"] == state["began_at"]
        status, state = await ask(house, "DELETE", "nursery")
        assert status == 200
        assert "clip" in state
        assert (await ask(house, "DELETE", "nursery"))[0] == 404
        assert (await ask(house, "POST", "cellar"))[0] == 404


async def test_a_rule_forbids_to_record_but_not_the_sender_to_stop(
    tmp_path: Path,
) -> None:
    """Who may not hear it learns nothing, and may do nothing."""
    async with house_in(tmp_path) as house:
        await send(house, "Attic")
        for method in ("GET", "POST", "DELETE"):
            assert (await ask(house, method, "attic"))[0] == 403
        await house.recordings.start(house.relay.find("attic"))
        assert (await ask(house, "DELETE", "attic"))[0] == 403
        assert (await ask(house, "DELETE", "attic", SENDER))[0] == 200
        assert house.recordings.going == 0
