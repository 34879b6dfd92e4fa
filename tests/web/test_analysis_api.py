"""When a name's streams are analysed, asked and changed over HTTP."""

from pathlib import Path

import pytest

from relay.hub.identity import StreamName
from tests.web.gate_house import gate_house
from tests.web.house import House

ADDRESS = "/api/streams/nursery/analysis"


async def test_everybody_who_listens_may_ask(house: House) -> None:
    """Also for a name that nobody sends under."""
    async with house.session.get(ADDRESS) as answer:
        assert await answer.json() == {
            "stream": "nursery",
            "mode": "on_demand",
            "analysed": False,
        }


async def test_admins_choose(tmp_path: Path) -> None:
    """It counts at once and over restarts, until they take it back."""
    async with gate_house(tmp_path, data_dir=tmp_path) as gates:
        admin, place = await gates.admin(), gates.house.place
        stream = gates.house.relay.publish(StreamName.parse("Nursery"))
        status, told = await admin.ask("PUT", ADDRESS, {"mode": "always"})
        assert (status, told["mode"], told["analysed"]) == (200, "always", True)
        assert list(place.streams) == [stream.id]
    async with gate_house(tmp_path, data_dir=tmp_path) as gates:
        assert gates.house.analysis.mode_of("nursery") == "always"


async def test_choices_can_be_taken_back(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        await admin.ask("PUT", ADDRESS, {"mode": "off"})
        status, told = await admin.ask("PUT", ADDRESS, {"mode": None})
        assert (status, told["mode"]) == (200, "on_demand")


@pytest.mark.parametrize("paired", [True, False])
async def test_nobody_else_does(tmp_path: Path, paired: bool) -> None:
    """Being at home is no right to change anything."""
    async with gate_house(tmp_path, paired=paired) as gates:
        member = await gates.member(await gates.admin())
        assert await member.status("PUT", ADDRESS, {"mode": "always"}) == 403
        assert gates.house.analysis.mode_of("nursery") == "on_demand"


@pytest.mark.parametrize("body", [{}, {"mode": "sometimes"}, {"mode": ["off"]}, [1]])
async def test_what_is_no_mode_is_refused(tmp_path: Path, body: object) -> None:
    """With the modes there are."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, told = await admin.ask("PUT", ADDRESS, body)
        assert (status, told["code"]) == (400, "malformed_message")


async def test_what_is_no_address_of_a_name_is_refused(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, told = await admin.ask(
            "PUT", "/api/streams/No%20Slug/analysis", {"mode": "off"}
        )
        assert (status, told["code"]) == (400, "malformed_message")
