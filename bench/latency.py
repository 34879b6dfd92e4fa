"""How much later a packet arrives because it goes through the server."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bench.figures import Figure, percentile
from bench.light_client import LightClient
from bench.load_process import load
from bench.mouth import Mouth
from bench.pacer import beats
from bench.plan import Plan
from bench.server_process import ServerProcess, earshot
from bench.signaling_client import SignalingClient, connecting
from bench.table import Goal, Row
from bench.voice import PACKETS_PER_S, tone
from relay.rtp.packet import RtpPacket

MS = 1000.0
NAME = "Bench latency"
MARK = struct.Struct("!Id")
"""What a packet carries: whether it counts, and when it left."""
TIMEOUT_S = 20.0
WARM_UP_PACKETS = 25


class Probe:
    """A receiver that notes how long packets were under way."""

    def __init__(self, client: LightClient) -> None:
        self.delays_ms: list[float] = []
        self._client = client
        client.on_packet = self._arrived

    def _arrived(self, data: bytes) -> None:
        now = time.monotonic()
        if 64 <= data[1] & 0x7F < 96:
            return  # RTCP
        payload = RtpPacket.parse(self._client.unprotect(data)).payload
        counts, left_at = MARK.unpack_from(payload)
        if counts:
            self.delays_ms.append(MS * (now - left_at))


class DirectPath(asyncio.DatagramProtocol):
    """The same way without a server: one socket of this process to another."""

    def __init__(self) -> None:
        self.delays_ms: list[float] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        now = time.monotonic()
        counts, left_at = MARK.unpack_from(data)
        if counts:
            self.delays_ms.append(MS * (now - left_at))


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds that packets were under way, with one server."""

    relayed_ms: Sequence[float]
    direct_ms: Sequence[float]
    """Without a server."""

    def added(self, percent: float) -> float:
        """Return a percentile of what the server added."""
        return percentile(self.relayed_ms, percent) - percentile(self.direct_ms, 50)


async def measure(plan: Plan) -> list[Row]:
    rounds: dict[int, list[Round]] = {n: [] for n in plan.latency_receivers}
    for _ in range(plan.rounds):
        for receivers, so_far in rounds.items():
            async with earshot() as server, probing(server, receivers) as line:
                so_far.append(await line.measure(plan.latency_packets))
    return [row for n, measured in rounds.items() for row in _rows(n, measured)]


def _rows(receivers: int, rounds: Sequence[Round]) -> list[Row]:
    where = f"with {receivers} receiver{'s' if receivers > 1 else ''}"
    which = (
        f"at the first, middle and last of {receivers}" if receivers > 1 else "there"
    )
    how = f"a packet leaves until it is {which}, less the median way without a server"
    goals = {50: Goal(5), 99: None}
    if receivers > 1:
        goals = {50: Goal(2, 1), 99: Goal(10, 5)}
    names = {50: "median", 99: "99th percentile"}
    return [
        Row(
            f"added latency {where}, {names[percent]}",
            "ms",
            Figure.of([each.added(percent) for each in rounds]),
            how,
            goal=goal,
        )
        for percent, goal in goals.items()
    ]


class Line:
    """A sender, and receivers who note how long its packets were under way."""

    def __init__(self, mouth: Mouth) -> None:
        self.probes: list[Probe] = []
        self._mouth = mouth

    async def measure(self, packets: int) -> Round:
        """Send so many packets through the server and as many directly."""
        for probe in self.probes:
            probe.delays_ms.clear()
        direct = await _alternate(self._mouth, packets)
        return Round([d for probe in self.probes for d in probe.delays_ms], direct)

    @asynccontextmanager
    async def chattering(self) -> AsyncIterator[None]:
        """Send packets that do not count, so that whoever comes hears something."""
        task = asyncio.create_task(_chatter(self._mouth))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@asynccontextmanager
async def probing(server: ServerProcess, receivers: int) -> AsyncIterator[Line]:
    """Measure with so many receivers, as often as wanted."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        sender = await stack.enter_async_context(connecting(session, server.signaling))
        client = await sender.send(NAME)
        stack.push_async_callback(client.close)
        line = Line(Mouth(client, tone()))
        async with line.chattering():
            await asyncio.sleep(0.1)
            line.probes = await _probes(stack, session, server, receivers)
        yield line


async def _probes(
    stack: AsyncExitStack,
    session: aiohttp.ClientSession,
    server: ServerProcess,
    receivers: int,
) -> list[Probe]:
    """Join as the first, the middle and the last; others in between are in another process."""
    probes = [await _probe(stack, session, server)]
    while len(probes) < min(3, receivers):
        others = (receivers - 3) // 2
        if others:
            arguments = ("--count", others, "--name", NAME)
            await stack.enter_async_context(
                load("load_receivers", server.signaling, *arguments)
            )
        probes.append(await _probe(stack, session, server))
    return probes


async def _probe(
    stack: AsyncExitStack, session: aiohttp.ClientSession, server: ServerProcess
) -> Probe:
    signaling: SignalingClient = await stack.enter_async_context(
        connecting(session, server.signaling)
    )
    client = await signaling.receive(name=NAME)
    stack.push_async_callback(client.close)
    await asyncio.wait_for(client.first_packet.wait(), TIMEOUT_S)
    return Probe(client)


async def _chatter(mouth: Mouth) -> None:
    async for _ in beats(PACKETS_PER_S):
        _send_stamped(mouth, counts=False)


def _send_stamped(mouth: Mouth, *, counts: bool) -> None:
    # The time of encryption, some microseconds, is counted with the way.
    stamp = MARK.pack(counts, time.monotonic())
    packet = mouth.packet_of(stamp + bytes(80 - len(stamp)))
    mouth.client.send_raw(mouth.client.protect(packet))


async def _alternate(mouth: Mouth, packets: int) -> list[float]:
    """Send packets through the server and, half a beat later, directly."""
    loop = asyncio.get_running_loop()
    transport, path = await loop.create_datagram_endpoint(
        DirectPath, local_addr=("127.0.0.1", 0)
    )
    here = transport.get_extra_info("sockname")
    async for beat in beats(2 * PACKETS_PER_S):
        counts = beat > 2 * WARM_UP_PACKETS
        if beat % 2:
            transport.sendto(MARK.pack(counts, time.monotonic()) + bytes(68), here)
        else:
            _send_stamped(mouth, counts=counts)
        if beat > 2 * (packets + WARM_UP_PACKETS):
            break
    await asyncio.sleep(0.1)
    transport.close()
    return path.delays_ms
