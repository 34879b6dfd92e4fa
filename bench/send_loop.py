"""
The loop that sends one packet to all receivers, against the same in C.

It runs in a process of its own, at the real pace (between two packets the caches go
cold, which doubles the cost of everything), and the two take turns of a second.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cffi
from pylibsrtp import Policy, Session, _binding

from bench.load_process import load
from bench.not_measured import NotMeasured
from bench.voice import PACKET_SAMPLES, PACKETS_PER_S, tone
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc.batch_slots import BatchSlots, open_libc
from relay.webrtc.fanout import Fanout, FanoutCounters
from relay.webrtc.media_socket import bound_socket
from relay.webrtc.outbound import Outbound
from relay.webrtc.srtp_sessions import SrtpSessions
from relay.webrtc.udp_mux import UdpMux

C_SOURCE = Path(__file__).with_name("c_limit.c")
OPUS = 111
SSRC = 4711
"""Ours, the same for every receiver, as in the server."""
AES_256_GCM_KEY_BYTES = 44
LOOKS, LOOK_EVERY_S = 20, 0.1
"""For packets that were sent and not read yet."""

Send = Callable[[int, bytes], None]
"""Sends the packet of a place, with a payload, to everybody."""


@dataclass(frozen=True, slots=True)
class LoopCosts:
    """Microseconds of CPU per packet and receiver, one for each second of each loop."""

    earshot: Sequence[float]
    c: Sequence[float]


async def compare(receivers: int, blocks: int) -> LoopCosts | None:
    """Run the comparison; None if there is no C compiler."""
    if shutil.which("gcc") is None:
        return None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.send_loop"),
        *("--receivers", str(receivers), "--blocks", str(blocks)),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise NotMeasured("the comparison of the send loops failed; see above")
    costs: dict[str, list[float]] = json.loads(printed)
    return LoopCosts(costs["earshot"], costs["c"])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--receivers", type=int, required=True)
    parser.add_argument("--blocks", type=int, required=True)
    options = parser.parse_args()
    n = options.receivers
    async with load("load_sink", "--count", n) as sink:
        ports = [int(port) for port in sink.told]
        # Made as in the server and in turns: where a session lies in memory decides how
        # fast it is reached, and neither of the two may have the better places.
        sessions = SrtpSessions()
        pairs = [(_session(sessions), _session(sessions)) for _ in ports]
        sessions.close()
        ours, theirs = ([pair[i] for pair in pairs] for i in (0, 1))
        with _python_loop(ports, ours) as python, _c_loop(ports, theirs) as in_c:
            costs: dict[str, list[float]] = {"earshot": [], "c": []}
            for block in range(options.blocks):
                costs["earshot"].append(_one_second(python, block) / n)
                costs["c"].append(_one_second(in_c, block) / n)
        # What did not arrive was cheaper to send.
        expected = 2 * options.blocks * PACKETS_PER_S * n
        arrived = await sink.count()
        for _ in range(LOOKS):
            if arrived < expected:
                await asyncio.sleep(LOOK_EVERY_S)
                arrived = await sink.count()
    if arrived < 0.99 * expected:
        sys.exit(f"only {arrived} of {expected} packets arrived; is the machine busy?")
    print(json.dumps(costs))


def _one_second(send: Send, block: int) -> float:
    """Send the packets of a second at their pace; return the µs of CPU for one of them."""
    payloads = tone()
    spent_ns = 0
    start = time.monotonic()
    for beat in range(PACKETS_PER_S):
        time.sleep(max(0.0, start + beat / PACKETS_PER_S - time.monotonic()))
        place = block * PACKETS_PER_S + beat
        before = time.thread_time_ns()
        send(place, payloads[place % len(payloads)])
        spent_ns += time.thread_time_ns() - before
    return spent_ns / 1000 / PACKETS_PER_S


@contextmanager
def _python_loop(ports: list[int], sessions: list[Session]) -> Iterator[Send]:
    """Everything that happens from a stream's push on, as the server does it."""
    mux = UdpMux()
    mux.open(["127.0.0.1"], 0)
    stream = Stream[RtpPacket]("stream_bench")
    counters, libc = FanoutCounters(), open_libc()
    fanout = Fanout(stream, lambda form: BatchSlots(form, counters, libc))
    for port, session in zip(ports, sessions, strict=True):
        path = mux.sockets[0], ("127.0.0.1", port)
        fanout.add(Outbound.make(SSRC, (OPUS, None), session, path), 0.0)

    def send(place: int, payload: bytes) -> None:
        timestamp = place * PACKET_SAMPLES
        stream.push(RtpPacket(OPUS, place & 0xFFFF, timestamp, 77, False, payload))

    yield send
    mux.close()


@contextmanager
def _c_loop(ports: list[int], sessions: list[Session]) -> Iterator[Send]:
    ffi, lib = _compiled()
    # Two libraries of cffi do not know each other's types: pointers go over as numbers.
    protect = ffi.cast("protect_function *", protect_address())
    receivers = lib.make_list()
    for place, (session, port) in enumerate(zip(sessions, ports, strict=True)):
        pointer = ffi.cast("void *", _number(session._srtp[0]))
        lib.set_receiver(receivers, place, pointer, port, SSRC, 1000 + place)
    n = len(ports)
    # The server's kind of socket, as for the loop in Python.
    with bound_socket("127.0.0.1", 0) as sock:
        fd = sock.fileno()

        def send(place: int, payload: bytes) -> None:
            timestamp = place * PACKET_SAMPLES
            size = len(payload)
            lib.fan_out(
                receivers, n, fd, protect, place & 0xFFFF, timestamp, payload, size
            )

        yield send


def _compiled() -> tuple[Any, Any]:
    ffi = cffi.FFI()
    ffi.cdef(
        """
        typedef int protect_function(void *session, void *packet, int *length);
        void *make_list(void);
        void set_receiver(void *l, int i, void *session, int port, uint32_t ssrc,
                          uint16_t first);
        int fan_out(void *l, int n, int fd, protect_function *protect, uint16_t index,
                    uint32_t timestamp, const char *payload, int size);
        """
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        library = os.path.join(folder, "c_limit.so")
        command = ["gcc", "-O2", "-shared", "-fPIC", str(C_SOURCE), "-o", library]
        subprocess.run(command, check=True)
        return ffi, ffi.dlopen(library)


def protect_address() -> int:
    """Return where ``srtp_protect`` is: in the libsrtp that the server uses, no other."""
    return _number(_binding.ffi.addressof(_binding.lib, "srtp_protect"))


def _number(pointer: Any) -> int:
    return int(_binding.ffi.cast("uintptr_t", pointer))


def _session(sessions: SrtpSessions) -> Session:
    """Return a session with a key of its own and the profile that peers here agree on."""
    return sessions.make(
        Policy(
            key=secrets.token_bytes(AES_256_GCM_KEY_BYTES),
            ssrc_type=Policy.SSRC_SPECIFIC,
            ssrc_value=SSRC,
            srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
