"""F11 and F12: peers that negotiate and then never get as far as media."""

import asyncio
import time

from bench.light_client import LightClient
from tests.e2e.relay_process import PATIENCE_S, RelayProcess
from tests.e2e.wire_client import WireClient, description, wire_client
from tests.faults.row import Figure, Row

CLOSED_WITHIN_S = 15.0
STRETCH_S = 8.0

# TEST-NET-1 (RFC 5737) and the port "discard": nobody is there. No end-of-candidates.
DEAD_CANDIDATE = "a=candidate:1 1 udp 2113937151 192.0.2.1 9 typ host"


class WithoutAWay(LightClient):
    """Names an address where nobody is, and never checks the server's."""

    async def _connect(self) -> None:
        """Do nothing."""


class WithoutDtls(LightClient):
    """Has its checks answered, and leaves it at that."""

    async def _connect(self) -> None:
        self.check()
        await self._check_for_ever()


async def no_way(relay: RelayProcess) -> Row:
    """Offer and answer candidates that lead nowhere, with no end of candidates."""
    return Row(
        "F11",
        "a peer's candidates are dead, and it never says that they were all",
        await _negotiate_both(relay, WithoutAWay),
    )


async def no_dtls(relay: RelayProcess) -> Row:
    """Connect by ICE, as sender and as receiver, and never begin DTLS."""
    return Row(
        "F12",
        "a peer connects by ICE, and DTLS never begins",
        await _negotiate_both(relay, WithoutDtls),
    )


async def _negotiate_both(
    relay: RelayProcess, kind: type[LightClient]
) -> tuple[Figure, ...]:
    async with (
        wire_client(relay.websocket_url) as speaker,
        wire_client(relay.websocket_url) as sender,
        wire_client(relay.websocket_url) as receiver,
    ):
        stream_id = await speaker.send("Nursery")
        started = time.monotonic()
        await _offer(sender, kind())
        await _answer(receiver, kind(), stream_id)
        codes, closed_s = await _until_given_up(relay, [sender, receiver], started)
    return (
        Figure("closed after", closed_s, "s", CLOSED_WITHIN_S, STRETCH_S),
        Figure(
            "not told why",
            sum(code != "negotiation_timeout" for code in codes),
            limit=0,
        ),
    )


async def _offer(client: WireClient, peer: LightClient) -> None:
    client.peer = peer
    peer.formats = (DEAD_CANDIDATE,)
    await client.say("start_sending")
    await client.hear("sender_ready")
    await client.say("webrtc_offer", offer=description("offer", peer.offer()))
    peer.take_answer((await client.hear("webrtc_answer"))["answer"]["sdp"])


async def _answer(client: WireClient, peer: LightClient, stream_id: str) -> None:
    client.peer = peer
    peer.formats = (DEAD_CANDIDATE,)
    await client.say("start_receiving", stream_id=stream_id)
    offer = await client.hear("webrtc_offer")
    answer = peer.answer(offer["offer"]["sdp"])
    await client.say("webrtc_answer", answer=description("answer", answer))


async def _until_given_up(
    relay: RelayProcess, clients: list[WireClient], started: float
) -> tuple[list[str], float]:
    """Wait until the speaker's peer alone is left; return what the others were told."""
    codes = [(await client.hear("error"))["code"] for client in clients]
    async with asyncio.timeout(PATIENCE_S):
        while (await relay.health())["parts"]["media"]["peers"] > 1:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.05)
    return codes, time.monotonic() - started
