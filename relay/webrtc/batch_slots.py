"""
The fast way of sending: everything prepared in place, one ``sendmmsg`` per socket.

Each receiver has a row in one block of memory that the kernel reads. One packet is
written into all rows at once, and libsrtp protects each row where it lies. This is the
hot path: it is written for the machine, and measured in ``bench/``. Between two packets
all caches have gone cold, so what counts is how little memory and code it touches.
"""

import contextlib
import errno
import socket
import struct
import sys
from itertools import starmap
from typing import Any

import cffi
from pylibsrtp import _binding

from relay.webrtc.fanout import MAX_PAYLOAD, FanoutCounters, Placed
from relay.webrtc.media_socket import Address, MediaSocket
from relay.webrtc.outbound import HEADER_BYTES, Form, Outbound, header
from relay.webrtc.plain_slots import PlainSlots

_ffi = cffi.FFI()
_ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; uint32_t msg_namelen;
        struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen;
        int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags);
    """
)

ADDRESS_BYTES = 28  # sizeof(struct sockaddr_in6)
FIRST_CAPACITY = 8
FIRST_ROW_BYTES = 256
"""Rows grow with the packets; near ones are cheaper to reach than far ones."""
MAX_TRAILER_BYTES = 144  # SRTP_MAX_TRAILER_LEN
MAX_MESSAGES = 1024  # UIO_MAXIOV: sendmmsg takes no more at a time
SIZE_BYTES = _ffi.sizeof("size_t")


def open_libc() -> Any:
    """Return the C library with ``sendmmsg``. Raises `OSError` or `AttributeError` without it."""
    if sys.byteorder != "little":
        raise OSError("lengths are written in place on little-endian machines only")
    libc = _ffi.dlopen(None)
    _ = libc.sendmmsg
    return libc


class BatchSlots:
    """The receivers of one stream, one block of rows per socket they are reached by."""

    name = "sendmmsg"

    def __init__(self, form: Form, counters: FanoutCounters, libc: Any) -> None:
        self._form = form
        self._counters = counters
        self._libc = libc
        self._blocks: dict[MediaSocket, Block] = {}
        self._offsets: dict[Outbound, tuple[MediaSocket, int, int]] = {}
        self._one = PlainSlots(form, counters)

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        via = outbound.socket
        self._offsets[outbound] = (via, index_offset, timestamp_offset)
        self._one.add(outbound, index_offset, timestamp_offset)
        if via not in self._blocks:
            self._blocks[via] = Block(via, self._counters, self._libc)
        self._blocks[via].add(outbound, index_offset, timestamp_offset)

    def remove(self, outbound: Outbound) -> None:
        entry = self._offsets.pop(outbound, None)
        if entry is None:
            return
        self._one.remove(outbound)
        block = self._blocks[entry[0]]
        block.remove(outbound)
        if not len(block):
            del self._blocks[entry[0]]

    def move(self, outbound: Outbound) -> None:
        _, index_offset, timestamp_offset = self._offsets[outbound]
        self.remove(outbound)
        self.add(outbound, index_offset, timestamp_offset)

    def send(self, packet: Placed) -> None:
        body = packet.body(self._form)
        if len(body) > MAX_PAYLOAD:
            self._counters.oversize += 1
            return
        for block in self._blocks.values():
            block.send(packet, body)

    def send_to(self, outbound: Outbound, packet: Placed) -> bool:
        return self._one.send_to(outbound, packet)


class Block:
    """
    The rows of one socket. Receivers come and go in place: the last row fills a hole.

    One row is made for everybody and repeated; only receivers with numbers of their own
    (those that came from another stream) have their headers written one by one. libsrtp
    puts the length of what it protected right where the kernel reads it.
    """

    def __init__(self, via: MediaSocket, counters: FanoutCounters, libc: Any) -> None:
        self._fd = via.sock.fileno()
        self._counters = counters
        self._sendmmsg = libc.sendmmsg
        self._outbounds: list[Outbound] = []
        self._places: dict[Outbound, int] = {}
        self._numbers: list[tuple[int, int]] = []
        """Index and timestamp offset of each row."""
        self._own: dict[int, Outbound] = {}
        """The rows that need headers of their own."""
        self._usual = (0, 0)
        """Payload type and SSRC of all others."""
        self._calls: list[tuple[Any, Any, Any]] = []
        """Arguments of ``srtp_protect`` for each row: session, packet, length."""
        self._allocate(FIRST_CAPACITY, FIRST_ROW_BYTES)

    def __len__(self) -> int:
        return len(self._outbounds)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        n = len(self._outbounds)
        if n == 0:
            self._usual = (outbound.wire_payload_type, outbound.ssrc)
        self._outbounds.append(outbound)
        self._places[outbound] = n
        self._numbers.append((index_offset, timestamp_offset))
        if n == self._capacity:
            self._allocate(2 * self._capacity, self._row_bytes)
        else:
            self._fill(n)

    def remove(self, outbound: Outbound) -> None:
        place = self._places.pop(outbound)
        last = self._outbounds.pop()
        numbers = self._numbers.pop()
        self._calls.pop()
        self._own.pop(len(self._outbounds), None)
        if last is outbound:
            return
        self._outbounds[place] = last
        self._places[last] = place
        self._numbers[place] = numbers
        self._fill(place)

    def send(self, packet: Placed, body: bytes) -> None:
        n = len(self._outbounds)
        length = HEADER_BYTES + len(body)
        if length + MAX_TRAILER_BYTES > self._row_bytes:
            self._allocate(self._capacity, 2 * self._row_bytes)
        row = header(*self._usual, packet.index, packet.timestamp, packet.marker) + body
        row_bytes = self._row_bytes
        self._memory_view[: n * row_bytes] = row.ljust(row_bytes, b"\0") * n
        for place, outbound in self._own.items():
            index, timestamp = self._numbers[place]
            self._memory_view[place * row_bytes : place * row_bytes + HEADER_BYTES] = (
                outbound.header(
                    packet.index + index, packet.timestamp + timestamp, packet.marker
                )
            )
        lengths = length.to_bytes(SIZE_BYTES, sys.byteorder) * n
        self._length_view[:n] = memoryview(lengths).cast("L")
        failures = list(starmap(_binding.lib.srtp_protect, self._calls))
        if any(failures):
            self._withhold(failures)
        self._transmit(n)

    def _withhold(self, failures: list[int]) -> None:
        """Send an empty datagram in place of what is not protected: never the plain sound."""
        for place, failure in enumerate(failures):
            if failure:
                self._length_view[place] = 0
                self._counters.protect_failures += 1

    def _transmit(self, n: int) -> None:
        done = 0
        unsent = 0
        while done < n:
            count = min(n - done, MAX_MESSAGES)
            sent = self._sendmmsg(
                self._fd, self._messages + done, count, socket.MSG_DONTWAIT
            )
            if sent > 0:
                done += sent
            elif _ffi.errno == errno.EINTR:
                continue
            elif _ffi.errno in (errno.EAGAIN, errno.ENOBUFS):
                unsent += n - done
                break
            else:
                # This one receiver cannot be reached; the next one may be.
                unsent += 1
                done += 1
        self._counters.packets_unsent += unsent
        self._counters.packets_sent += n - unsent

    def _allocate(self, capacity: int, row_bytes: int) -> None:
        """Make room, and write everything into it that stays from packet to packet."""
        self._capacity = capacity
        self._row_bytes = row_bytes
        self._memory = _ffi.new("char[]", capacity * row_bytes)
        self._names = _ffi.new("char[]", capacity * ADDRESS_BYTES)
        self._iov = _ffi.new("struct iovec[]", capacity)
        self._messages = _ffi.new("struct mmsghdr[]", capacity)
        self._memory_view = memoryview(_ffi.buffer(self._memory)).cast("B")
        iov = memoryview(_ffi.buffer(self._iov)).cast("B").cast("L")
        self._length_view = iov[1::2]
        self._calls.clear()
        for place in range(len(self._outbounds)):
            self._fill(place)

    def _fill(self, place: int) -> None:
        """Write what stays from packet to packet into a row."""
        outbound = self._outbounds[place]
        regular = (*self._usual, 0, 0)
        numbers = self._numbers[place]
        if (outbound.wire_payload_type, outbound.ssrc, *numbers) == regular:
            self._own.pop(place, None)
        else:
            self._own[place] = outbound
        row = self._memory + place * self._row_bytes
        name = _socket_address(outbound.socket.sock.family, outbound.address)
        name_at = self._names + place * ADDRESS_BYTES
        _ffi.memmove(name_at, name, len(name))
        self._iov[place].iov_base = row
        message = self._messages[place].msg_hdr
        message.msg_name = name_at
        message.msg_namelen = len(name)
        message.msg_iov = self._iov + place
        message.msg_iovlen = 1
        length = _ffi.addressof(self._iov[place], "iov_len")
        call = (
            outbound.session._srtp[0],
            _binding.ffi.cast("void *", _number(row)),
            _binding.ffi.cast("int *", _number(length)),
        )
        self._calls[place : place + 1] = [call]


def _number(pointer: Any) -> int:
    """Two libraries of cffi do not know each other's types: pointers go over as numbers."""
    return int(_ffi.cast("uintptr_t", pointer))


def _socket_address(family: int, address: Address) -> bytes:
    """Return an address as ``struct sockaddr_in`` or ``struct sockaddr_in6`` of Linux."""
    host, port, *rest = address
    start = struct.pack("=H", family) + struct.pack("!H", port)
    if family == socket.AF_INET:
        return start + socket.inet_pton(socket.AF_INET, host) + bytes(8)
    flow, scope = (*rest, 0, 0)[:2]
    packed = socket.inet_pton(socket.AF_INET6, str(host).partition("%")[0])
    return start + struct.pack("!I", flow) + packed + struct.pack("=I", scope)


def self_test(libc: Any) -> bool:
    """Return whether one prepared packet really arrives, unharmed, on this machine."""
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(1.0)
        iov = _ffi.new("struct iovec[]", 1)
        payload = _ffi.new("char[]", b"earshot")
        name = _socket_address(socket.AF_INET, receiver.getsockname())
        name_memory = _ffi.new("char[]", name)
        message = _ffi.new("struct mmsghdr[]", 1)
        iov[0].iov_base = payload
        iov[0].iov_len = 7
        message[0].msg_hdr.msg_name = name_memory
        message[0].msg_hdr.msg_namelen = len(name)
        message[0].msg_hdr.msg_iov = iov
        message[0].msg_hdr.msg_iovlen = 1
        sent = libc.sendmmsg(sender.fileno(), message, 1, 0)
        return bool(sent == 1) and receiver.recv(64) == b"earshot"
