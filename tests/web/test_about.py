"""What programs are told before they are let in."""

from pathlib import Path

from relay import __version__
from tests.web.gate_house import gate_house


async def test_everybody_at_home_is_told_who_this_is(tmp_path: Path) -> None:
    """And where players hear it: at an address that is good on other machines too."""
    async with gate_house(tmp_path) as gates:
        status, about = await gates.person().ask("GET", "/api/about")
        assert status == 200
        assert about == {
            "id": gates.gate.instance,
            "version": __version__,
            "sound": "http://192.168.7.7:8081",
            "cards": "0c",
        }
    async with gate_house(tmp_path) as gates:
        assert gates.gate.instance == about["id"]
