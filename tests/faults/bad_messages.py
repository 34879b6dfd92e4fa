"""F14: everything that is no message, and every message at the wrong time."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import aiohttp

from bench.light_client import LightClient
from bench.load_process import LoadProcess, load
from bench.process_usage import Usage
from relay.signaling.fields import MAX_SDP_BYTES
from relay.signaling.messages import MAX_MESSAGE_BYTES
from relay.signaling.state import SignalingState
from tests.e2e.relay_process import PATIENCE_S, RelayProcess
from tests.e2e.wire_client import Refused, WireClient, description, joined
from tests.faults.row import Figure, Row
from tests.web.nonsense import BAD, ROADS, VALID, message

OPTIONS = ("--new-connections-per-second=1000",)
"""The clients of this row come one after the other, and faster than people do."""

LAG_S, STRETCH_S = 0.02, 0.005
QUIET_S = 3.0
MiB = 1024 * 1024
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
POLICY_VIOLATION = 1008
FAULTS = 20
FLOOD = 500
OTHER = "Other"


async def nonsense(relay: RelayProcess) -> Row:
    """Say all of it, while somebody else pings 500 times a second."""
    async with (
        aiohttp.ClientSession() as session,
        joined(session, relay.websocket_url) as sender,
        load("load_pings", relay.url) as pings,
    ):
        await sender.send(OTHER)
        crowd = Crowd(session, relay)
        await _longest_s(pings)
        await asyncio.sleep(QUIET_S)
        quiet_s = await _longest_s(pings)
        unanswered = await crowd.say_bad_things()
        unanswered += await crowd.say_everything_everywhere()
        dead = await crowd.say_too_much()
        faults, code = await crowd.fault()
        lag_s = await _longest_s(pings)
    return Row(
        "F14",
        "messages that are too large, too deep, nonsense, or come at the wrong time",
        (
            Figure("said", crowd.said),
            Figure("not answered", unanswered, limit=0),
            Figure("too large, and neither answered nor closed", dead, limit=0),
            Figure("CPU for one of these", crowd.costliest_s, "s", LAG_S, STRETCH_S),
            Figure(
                "another client waits longer by",
                max(0.0, lag_s - quiet_s),
                "s",
                LAG_S,
                STRETCH_S,
            ),
            Figure("than at most before", quiet_s, "s"),
            Figure("answered in a row before the door", faults, limit=FAULTS),
            Figure("not shown the door", code != POLICY_VIOLATION, limit=0),
            Figure("complaints in the log", len(relay.complaints()), limit=0),
        ),
    )


async def _longest_s(pings: LoadProcess) -> float:
    return await pings.count() / 1e6


class Crowd:
    """Clients that each say one thing, or a few."""

    def __init__(self, session: aiohttp.ClientSession, relay: RelayProcess) -> None:
        self.said = 0
        self.costliest_s = 0.0
        """The server's CPU time, whatever else it did, while it read one message and answered."""
        self._session = session
        self._relay = relay

    async def say_bad_things(self) -> int:
        """Say what is no message; return how much of it was not answered with an error."""
        unanswered = 0
        texts = [text for text, _ in BAD.values()] + list(costly_descriptions())
        for text in texts:
            async with self._client() as client:
                unanswered += not await self._refuses(client, text)
        return unanswered

    async def say_everything_everywhere(self) -> int:
        """Say every message in every state; return how often no ping was answered after it."""
        unanswered = 0
        for state in SignalingState:
            for type_, fields in VALID.items():
                async with self._client() as client:
                    await _lead(client, state)
                    await client.say(type_, **fields)
                    if type_ != "ping":
                        await client.say("ping")
                    unanswered += not await _is_answered(client)
        return unanswered

    async def say_too_much(self) -> int:
        """Say what is larger than any message; return how many sockets neither end nor answer."""
        dead = 0
        for text in (
            message(type="ping", id="x" * 4 * MiB),
            message(type="webrtc_offer", offer=description("offer", CANDIDATE * 10**5)),
            "[" * (4 * MAX_MESSAGE_BYTES - 1),
            '{"a":' * 40_000,
        ):
            async with self._client() as client:
                dead += not (await self._refuses(client, text) or client.is_closed)
        return dead

    async def fault(self) -> tuple[int, int | None]:
        """Say nonsense without a pause; return how much is answered, and the close code."""
        async with self._client() as client:
            with suppress(ConnectionError):
                for _ in range(FLOOD):
                    await client.say_text("nonsense")
            code = await client.closed()
            return client.waiting("error"), code

    async def _refuses(self, client: WireClient, text: str) -> bool:
        """Say something; return whether it is answered with an error."""
        before = Usage.of(self._relay.pid)
        with suppress(ConnectionError):  # the server need not read it to the end
            await client.say_text(text)
        refused = await _is_refused(client)
        cost_s = Usage.of(self._relay.pid).cpu_s - before.cpu_s
        self.costliest_s = max(self.costliest_s, cost_s)
        return refused

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[WireClient]:
        self.said += 1
        async with joined(self._session, self._relay.websocket_url) as client:
            yield client


async def _lead(client: WireClient, state: SignalingState) -> None:
    """Get a client into a state, with real media where that belongs to it."""
    if state is SignalingState.SENDING:
        await client.send("Said")
    elif state is SignalingState.RECEIVING:
        await client.receive(name=OTHER)
    else:
        for type_ in ROADS[state]:
            fields = {"name": OTHER} if type_ == "start_receiving" else {}
            await client.say(type_, **fields)


async def _is_answered(client: WireClient) -> bool:
    """Wait for the answer to a ping, whatever comes before it."""
    try:
        while (await client.hear("pong", "error"))["type"] != "pong":
            pass
    except (Refused, TimeoutError):
        return False
    return True


async def _is_refused(client: WireClient) -> bool:
    """Wait until the server answers with an error, or closes the socket; return whether it answers."""
    hearing = asyncio.create_task(client.hear("error"))
    closing = asyncio.create_task(client.until_closed())
    done, waiting = await asyncio.wait(
        {hearing, closing}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
    )
    for task in waiting:
        task.cancel()
    await asyncio.gather(hearing, closing, return_exceptions=True)
    return hearing in done and hearing.exception() is None


def costly_descriptions() -> Iterator[str]:
    """Yield offers that are as long as one may be, each with much of something else."""
    whole = LightClient().offer()
    many = (
        "a=fmtp:111 useinbandfec=1;stereo=0\r\n",
        "a=rtpmap:112 opus/48000/2\r\n",
        "a=ssrc:77 cname:x\r\n",
        "a=extmap:1 urn:x\r\n",
        "a=rtcp-fb:111 nack\r\n",
        "a=ssrc-group:FID 1 2\r\n",
        "a=fingerprint:sha-256 AA:BB\r\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n",
        "a=\r\n",
        "\r\n",
    )
    room = MAX_SDP_BYTES - len(whole)
    for part in many:
        sdp = whole + part * (room // len(part))
        yield json.dumps({"type": "webrtc_offer", "offer": description("offer", sdp)})
