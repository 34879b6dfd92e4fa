"""A program of this machine that is let in without a code."""

from pathlib import Path

from tests.web.gate_house import gate_house


async def test_it_is_let_in_once_and_stays(tmp_path: Path) -> None:
    """Over restarts with the same token, as an admin among the devices."""
    async with gate_house(tmp_path) as gates:
        token = await gates.gate.standing_token("Home Assistant")
    async with gate_house(tmp_path) as gates:
        assert await gates.gate.standing_token("Home Assistant") == token
        headers = {"Authorization": f"Bearer {token}"}
        _, me = await gates.person().ask("GET", "/api/me", headers=headers)
        assert (me["name"], me["trust"]) == ("Home Assistant", "paired")
        assert "admin" in me["roles"]
        assert len(gates.gate.devices) == 1


async def test_who_was_sent_away_does_not_come_back_by_itself(tmp_path: Path) -> None:
    """A restart is no pardon."""
    async with gate_house(tmp_path) as gates:
        await gates.gate.standing_token("Home Assistant")
        (device,) = gates.gate.devices.all
        await gates.gate.devices.revoke(device.id)
    async with gate_house(tmp_path) as gates:
        assert await gates.gate.standing_token("Home Assistant") is None
        assert len(gates.gate.devices) == 0


async def test_its_token_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        await gates.gate.standing_token("Home Assistant")
    assert (tmp_path / "home-assistant.json").stat().st_mode & 0o777 == 0o600
