"""Tests of relay/web/own_audience.py, over the socket: who hears me, and away with them."""

from relay.settings import LimitSettings
from relay.web.access import Access
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.house_rules import HouseRules, Rule
from relay.web.own_names import OwnNames
from tests.web.house import Client, House, description

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari"
BEHIND_PROXY = Access(
    OwnNames(), HomeNetwork(proxies=networks_of(["127.0.0.1"], "trusted_proxies"))
)
"""Lets a test come from any address."""


async def visitor(house: House, address: str, agent: str = "test") -> Client:
    client = await house.socket(
        headers={"X-Forwarded-For": address, "User-Agent": agent}
    )
    await client.hear("available_streams")
    return client


async def hears(house: House, address: str, name: str, agent: str = "test") -> Client:
    client = await visitor(house, address, agent)
    assert (await client.ask("start_receiving", name=name))["type"] == "webrtc_offer"
    await client.say("webrtc_answer", answer=description("answer"))
    await client.heard()
    return client


async def sends(house: House, name: str) -> Client:
    """Return the page of somebody who sends and looks at who hears it."""
    client, _ = await house.sender(name)
    await client.say("get_available_streams", details=True)
    await client.heard()
    return client


async def test_a_sender_knows_who_hears_it() -> None:
    """By name, at once and whenever that changes; nobody else is told."""
    async with House(access=BEHIND_PROXY) as house:
        sender = await sends(house, "Nursery")
        other = await sends(house, "Hall")
        phone = await hears(house, "192.168.1.5", "Nursery", IPHONE)
        house.lobby.sweep()
        audience = await sender.hear("audience")
        assert [h["name"] for h in audience["hearers"]] == ["iPhone"]
        await phone.leave()
        await house.until(lambda: len(house.lobby.connections) == 2)
        house.lobby.sweep()
        assert (await sender.hear("audience"))["hearers"] == []
        house.lobby.sweep()
        assert "audience" not in [m["type"] for m in await sender.heard()]
        told = [m for m in await other.heard() if m["type"] == "audience"]
        assert [m["hearers"] for m in told] == [[]]


async def test_old_clients_are_not_told() -> None:
    """Who did not ask for details knows no such message."""
    async with House(access=BEHIND_PROXY) as house:
        sender, _ = await house.sender("Nursery")
        await hears(house, "192.168.1.5", "Nursery")
        house.lobby.sweep()
        assert "audience" not in [m["type"] for m in await sender.heard()]


async def test_one_is_sent_away() -> None:
    """It is told why, its sound is over, and it cannot come back; the other hears on."""
    async with House(access=BEHIND_PROXY) as house:
        sender = await sends(house, "Nursery")
        phone = await hears(house, "192.168.1.5", "Nursery", IPHONE)
        await hears(house, "192.168.1.6", "Nursery")
        house.lobby.sweep()
        audience = await sender.hear("audience")
        who = audience["hearers"][0]["id"]
        await sender.say("hush", who=who)
        error = await phone.hear("error")
        assert (error["code"], error["request"]) == ("hushed", None)
        await house.until(lambda: len(house.endpoint.receivers) == 1)
        again = await phone.ask("start_receiving", name="Nursery")
        assert again["code"] == "hushed"
        house.lobby.sweep()
        assert (await sender.hear("audience"))["hushed"] == ["iPhone"]
        await sender.say("unhush")
        await sender.heard()
        again = await phone.ask("start_receiving", name="Nursery")
        assert again["type"] == "webrtc_offer"


async def test_who_was_sent_away_does_not_move_back() -> None:
    """Neither by a move over the peer connection that it has for another stream."""
    async with House(access=BEHIND_PROXY) as house:
        sender = await sends(house, "Nursery")
        await sends(house, "Hall")
        phone = await hears(house, "192.168.1.5", "Nursery")
        await sender.say("hush")
        await phone.hear("error")
        await phone.ask("start_receiving", name="Hall")
        await phone.say("webrtc_answer", answer=description("answer"))
        assert (await phone.ask("move_to", name="Nursery"))["code"] == "hushed"
        levels = await phone.ask("subscribe_visualization", stream_id="nursery")
        assert levels["code"] == "hushed"


async def test_only_who_sends_a_stream_may_send_others_away() -> None:
    """Neither a listener nor another sender."""
    async with House(access=BEHIND_PROXY) as house:
        await sends(house, "Nursery")
        other = await sends(house, "Hall")
        phone = await hears(house, "192.168.1.5", "Nursery")
        assert (await other.ask("hush", name="Nursery"))["code"] == "not_allowed"
        assert (await phone.ask("hush", name="Nursery"))["code"] == "not_allowed"
        assert (await phone.ask("unhush"))["code"] == "unexpected_message"
        assert len(house.endpoint.receivers) == 1


async def test_rules_hold_on_the_socket() -> None:
    """A stream that a rule is about is neither heard nor sent by others."""
    rule = Rule.parse(
        {"who": "192.168.1.5", "may": "both", "streams": "Nursery"}, "rules[0]"
    )
    async with House(access=BEHIND_PROXY, rules=HouseRules([rule])) as house:
        mother = await visitor(house, "192.168.1.5")
        ready = await mother.ask("start_sending", name="Nursery")
        assert ready["type"] == "sender_ready"
        await mother.ask("webrtc_offer", offer=description("offer"))
        house.endpoint.sender.speak()
        stranger = await visitor(house, "192.168.1.6")
        for request in ("start_receiving", "start_sending"):
            refusal = await stranger.ask(request, name="Nursery")
            assert (refusal["type"], refusal["code"]) == ("error", "not_allowed")
        refusal = await stranger.ask("start_receiving")
        assert refusal["code"] == "not_allowed"
        await hears(house, "192.168.1.5", "Nursery")


async def test_one_address_has_so_many_peers() -> None:
    """The one beyond is told; another address, and this machine, still come."""
    limits = LimitSettings(100, 100, 2, 2, 100)
    async with House(access=BEHIND_PROXY, limits=limits) as house:
        await house.sender("Hall")
        first = await hears(house, "192.168.1.5", "Hall")
        await hears(house, "192.168.1.5", "Hall")
        third = await visitor(house, "192.168.1.5")
        for request in ("start_receiving", "start_sending"):
            assert (await third.ask(request, name="Hall"))["code"] == (
                "capacity_exceeded"
            )
        assert (await third.ask("start_receiving"))["code"] == "capacity_exceeded"
        await hears(house, "192.168.1.6", "Hall")
        await first.say("stop_stream")
        await first.heard()
        assert (await third.ask("start_receiving"))["type"] == "webrtc_offer"
    assert house.roll.limits.peers.total == 0


async def test_all_together_have_so_many_peers() -> None:
    """Those of this machine too."""
    limits = LimitSettings(2, 100, 100, 100, 100)
    async with House(limits=limits) as house:
        _, stream = await house.sender("Hall")
        await house.receiver(stream)
        third = await house.client()
        refusal = await third.ask("start_receiving", name="Hall")
        assert refusal["code"] == "capacity_exceeded"


async def test_one_address_does_not_take_all_sockets() -> None:
    """Neither with sockets on which nothing is said; the one beyond is told why."""
    limits = LimitSettings(100, 100, 1, 100, 100)
    async with House(access=BEHIND_PROXY, limits=limits) as house:
        idle = [await visitor(house, "192.168.1.66") for _ in range(4)]
        headers = {"X-Forwarded-For": "192.168.1.66"}
        fifth = await house.socket(headers=headers)
        farewell = await fifth.socket.receive()
        assert (farewell.data, farewell.extra) == (
            1013,
            "one address may have 4 connections, and has them",
        )
        await visitor(house, "192.168.1.5")
        await idle[0].leave()
        await house.until(lambda: len(house.lobby.connections) == 4)
        await visitor(house, "192.168.1.66")
    assert house.roll.limits.sockets.total == 0


async def test_a_storm_from_one_address() -> None:
    """Is answered 503 before the upgrade, and everybody else comes in."""
    limits = LimitSettings(100, 100, 100, 100, 10)

    async def knock(address: str) -> int:
        headers = {"X-Forwarded-For": address, "Connection": "Upgrade"}
        headers |= {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        async with house.session.get("/ws", headers=headers) as answer:
            if answer.status == 503:
                assert answer.headers["Retry-After"] == "5"
            return answer.status

    async with House(access=BEHIND_PROXY, limits=limits) as house:
        storm = [await knock("192.168.1.66") for _ in range(60)]
        assert storm[:20] == [101] * 20
        assert storm.count(503) >= 20
        assert [await knock(f"192.168.1.{n}") for n in range(1, 20)] == [101] * 19
