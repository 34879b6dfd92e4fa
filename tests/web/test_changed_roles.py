"""What becomes of those who are there when their roles or names are changed."""

from pathlib import Path
from typing import Any

from relay.web.audit import AuditLog
from relay.web.guest import Guest
from relay.web.trust import AT_HOME, Need, Role, Trust, Visitor
from tests.web.gate_house import GateHouse, Person, gate_house
from tests.web.house import description


async def change(gates: GateHouse, admin: Person, **body: Any) -> None:
    """Change the device that was let in last."""
    device = gates.gate.devices.all[-1]
    status, told = await admin.ask("PATCH", f"/api/devices/{device.id}", body)
    assert status == 200, told


async def test_a_speaker_who_may_only_listen_now_loses_its_stream(
    tmp_path: Path,
) -> None:
    """It is told why, keeps its socket, and can hear at once."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        client = await gates.client(await gates.member(admin, roles=["speak"]))
        await client.ask("start_sending", name="Nursery")
        await client.ask("webrtc_offer", offer=description("offer"))
        assert gates.house.endpoint.sender.speak()
        await client.hear("stream_available")
        await change(gates, admin, roles=["listen"])
        await client.hear("stream_ended")
        told = await client.hear("error")
        assert (told["code"], told["message"]) == (
            "not_allowed",
            "this device may not send",
        )
        await client.say("start_sending", name="Nursery")
        assert (await client.hear("error"))["code"] == "not_allowed"
        await client.say("start_receiving", name="nobody")
        assert (await client.hear("error"))["code"] == "stream_not_found"
        await gates.house.until(lambda: not gates.house.endpoint.peers)


async def test_who_is_about_to_speak_is_stopped_too(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        client = await gates.client(await gates.member(admin))
        await client.ask("start_sending", name="Nursery")
        await change(gates, admin, roles=["listen"])
        assert (await client.hear("error"))["code"] == "not_allowed"
        await client.say("webrtc_offer", offer=description("offer"))
        assert (await client.hear("error"))["code"] == "unexpected_message"


async def test_who_may_not_listen_any_more_sees_no_levels_either(
    tmp_path: Path,
) -> None:
    """What it heard is ended, and that is in the audit log."""
    audit = AuditLog(tmp_path)
    async with gate_house(tmp_path, audit=audit) as gates:
        admin, house = await gates.admin(), gates.house
        speaker = await gates.client(admin)
        await speaker.ask("start_sending", name="Nursery")
        await speaker.ask("webrtc_offer", offer=description("offer"))
        assert house.endpoint.sender.speak()
        client = await gates.client(await gates.member(admin, "Tablet"))
        await client.ask("start_receiving", name="nursery")
        await client.say("webrtc_answer", answer=description("answer"))
        await client.say("subscribe_visualization")
        await client.heard()
        assert len(house.visualization.watchers) == 1
        await change(gates, admin, roles=["speak"])
        assert (await client.hear("error"))["message"] == "this device may not hear"
        await house.until(lambda: not house.visualization.watchers)
        (cut,) = [e for e in (await audit.page()).entries if e["event"] == "cut"]
        assert (cut["who"], cut["stream"]) == ("Tablet", "nursery")


async def test_a_new_name_is_told_at_once(tmp_path: Path) -> None:
    """To the sender whom the device hears."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        speaker = await gates.client(admin)
        await speaker.ask("get_available_streams", details=True)
        await speaker.ask("start_sending", name="Nursery")
        await speaker.ask("webrtc_offer", offer=description("offer"))
        assert gates.house.endpoint.sender.speak()
        client = await gates.client(await gates.member(admin, "Tablet"))
        await client.ask("start_receiving", name="nursery")
        await client.say("webrtc_answer", answer=description("answer"))
        await client.heard()
        gates.house.lobby.sweep()
        assert (await speaker.hear("audience"))["hearers"][0]["name"] == "Tablet"
        await change(gates, admin, name="Kitchen tablet")
        gates.house.lobby.sweep()
        told = await speaker.hear("audience")
        assert [hearer["name"] for hearer in told["hearers"]] == ["Kitchen tablet"]


async def test_who_may_do_more_need_not_come_again(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        client = await gates.client(await gates.member(admin, roles=["listen"]))
        await client.say("start_sending", name="Nursery")
        assert (await client.hear("error"))["code"] == "not_allowed"
        await change(gates, admin, roles=["listen", "speak"])
        await client.say("start_sending", name="Nursery")
        assert await client.hear("sender_ready")


def test_a_guest_is_who_its_visitor_is_by_now() -> None:
    """The key, by which it is sent away, stays."""
    known = {"1": Visitor(Trust.PAIRED, "192.168.1.30", AT_HOME, "Tablet", "1")}
    visitor = Visitor(
        *(Trust.PAIRED, "192.168.1.30", AT_HOME, "Tablet", "1"),
        renew=lambda visitor: known.get(visitor.device_id or ""),
    )
    guest = Guest.known_as(visitor)
    key = guest.key
    assert guest.renew()
    assert visitor.still_may(Need.LISTEN)
    roles = frozenset({Role.SPEAK})
    known["1"] = Visitor(Trust.PAIRED, "192.168.1.30", roles, "Phone", "1")
    assert guest.renew()
    assert (guest.name, guest.key) == ("Phone", key)
    assert not guest.may(Role.LISTEN)
    assert not visitor.still_may(Need.LISTEN)
    known.clear()
    guest.visitor = visitor
    assert not guest.renew()
    assert not visitor.still_may(Need.SPEAK)
