"""
The fast way of sending: everything prepared in place, one ``sendmmsg`` per socket.

Each receiver has a row in one block of memory that the kernel reads. Headers and the
payload are written into all rows at once by numpy; libsrtp then protects each row where
it lies. This is the hot path: it is written for the machine, and measured in ``bench/``.
"""

import contextlib
import errno
import socket
import struct
from typing import Any

import cffi
import numpy as np
from pylibsrtp import _binding

from relay.webrtc.fanout import MAX_PAYLOAD, FanoutCounters, Placed
from relay.webrtc.media_socket import Address, MediaSocket
from relay.webrtc.outbound import Form, Outbound
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

ROW_BYTES = 1600
ADDRESS_BYTES = 28  # sizeof(struct sockaddr_in6)
FIRST_CAPACITY = 8
FEW = 12
"""Up to so many receivers are written one by one; measured where the two ways cross."""
_HEADER = struct.Struct("!HHI")
MAX_MESSAGES = 1024  # UIO_MAXIOV: sendmmsg takes no more at a time

_ROW = np.dtype(
    {
        "names": ["flags", "sequence", "timestamp", "ssrc", "payload"],
        "formats": [">u2", ">u2", ">u4", ">u4", ("u1", (ROW_BYTES - 12,))],
        "offsets": [0, 2, 4, 8, 12],
        "itemsize": ROW_BYTES,
    }
)


def open_libc() -> Any:
    """Return the C library with ``sendmmsg``. Raises `OSError` or `AttributeError` without it."""
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
    """The rows of one socket. Receivers come and go in place: the last row fills a hole."""

    def __init__(self, via: MediaSocket, counters: FanoutCounters, libc: Any) -> None:
        self._fd = via.sock.fileno()
        self._counters = counters
        self._sendmmsg = libc.sendmmsg
        self._outbounds: list[Outbound] = []
        self._places: dict[Outbound, int] = {}
        self._calls: list[tuple[Any, Any, Any, int]] = []
        """Arguments of ``srtp_protect`` (session, row, length), and the row's number."""
        self._numbers: list[tuple[int, int, int]] = []
        """Payload type, index offset and timestamp offset of each row."""
        self._allocate(FIRST_CAPACITY)

    def __len__(self) -> int:
        return len(self._outbounds)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        n = len(self._outbounds)
        if n == self._capacity:
            self._grow()
        self._outbounds.append(outbound)
        self._places[outbound] = n
        self._index_offsets[n] = index_offset & 0xFFFF
        self._timestamp_offsets[n] = timestamp_offset & 0xFFFFFFFF
        self._fill(n)

    def remove(self, outbound: Outbound) -> None:
        place = self._places.pop(outbound)
        last = self._outbounds.pop()
        self._calls.pop()
        self._numbers.pop()
        if last is outbound:
            return
        n = len(self._outbounds)
        self._outbounds[place] = last
        self._places[last] = place
        self._index_offsets[place] = self._index_offsets[n]
        self._timestamp_offsets[place] = self._timestamp_offsets[n]
        self._fill(place)

    def send(self, packet: Placed, body: bytes) -> None:
        n = len(self._calls)
        if n <= FEW:
            self._write_few(packet, body)
        else:
            self._write_many(n, packet, body)
        protect = _binding.lib.srtp_protect
        failed = [i for s, row, length, i in self._calls if protect(s, row, length)]
        if n <= FEW:
            lengths = self._length_memory
            for i in range(n):
                self._iov[i].iov_len = lengths[i]
        else:
            self._iov_lengths[:n] = self._lengths[:n]
        if failed:
            self._withhold(failed)
        self._transmit(n)

    def _write_few(self, packet: Placed, body: bytes) -> None:
        """Row by row: below a dozen receivers numpy costs more than it saves."""
        flags = 0x8080 if packet.marker else 0x8000
        end = 12 + len(body)
        at = 0
        for i, (payload_type, index, timestamp) in enumerate(self._numbers):
            _HEADER.pack_into(
                self._buffer,
                at,
                flags | payload_type,
                packet.index + index & 0xFFFF,
                packet.timestamp + timestamp & 0xFFFFFFFF,
            )
            self._buffer[at + 12 : at + end] = body
            self._length_memory[i] = end
            at += ROW_BYTES

    def _write_many(self, n: int, packet: Placed, body: bytes) -> None:
        """All rows at once."""
        size = len(body)
        self._row_flags[:n] = self._flags[:n] | (0x80 if packet.marker else 0)
        self._row_sequences[:n] = self._index_offsets[:n] + np.uint16(
            packet.index & 0xFFFF
        )
        self._row_timestamps[:n] = self._timestamp_offsets[:n] + np.uint32(
            packet.timestamp & 0xFFFFFFFF
        )
        self._row_payloads[:n, :size] = np.frombuffer(body, np.uint8)
        self._lengths[:n] = 12 + size

    def _withhold(self, failed: list[int]) -> None:
        """Send an empty datagram in place of what is not protected: never the plain sound."""
        for i in failed:
            self._iov_lengths[i] = 0
        self._counters.protect_failures += len(failed)

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

    def _grow(self) -> None:
        old_index, old_timestamp = self._index_offsets, self._timestamp_offsets
        n = len(self._outbounds)
        self._allocate(2 * self._capacity)
        self._index_offsets[:n] = old_index[:n]
        self._timestamp_offsets[:n] = old_timestamp[:n]
        self._calls.clear()
        self._numbers.clear()
        for place in range(n):
            self._fill(place)

    def _allocate(self, capacity: int) -> None:
        self._capacity = capacity
        self._memory = _ffi.new("char[]", capacity * ROW_BYTES)
        self._names = _ffi.new("char[]", capacity * ADDRESS_BYTES)
        self._iov = _ffi.new("struct iovec[]", capacity)
        self._messages = _ffi.new("struct mmsghdr[]", capacity)
        self._length_memory = _binding.ffi.new("int[]", capacity)
        self._lengths = np.frombuffer(
            _binding.ffi.buffer(self._length_memory), np.int32
        )
        self._buffer = _ffi.buffer(self._memory)
        rows = np.frombuffer(self._buffer, _ROW)
        self._row_flags, self._row_sequences = rows["flags"], rows["sequence"]
        self._row_timestamps, self._row_payloads = rows["timestamp"], rows["payload"]
        self._row_ssrcs = rows["ssrc"]
        iov = np.frombuffer(_ffi.buffer(self._iov), np.uintp).reshape(capacity, 2)
        self._iov_lengths = iov[:, 1]
        self._flags = np.zeros(capacity, np.uint16)
        self._index_offsets = np.zeros(capacity, np.uint16)
        self._timestamp_offsets = np.zeros(capacity, np.uint32)

    def _fill(self, place: int) -> None:
        """Write what stays the same from packet to packet into a row."""
        outbound = self._outbounds[place]
        self._flags[place] = 0x8000 | outbound.wire_payload_type
        numbers = (
            outbound.wire_payload_type,
            int(self._index_offsets[place]),
            int(self._timestamp_offsets[place]),
        )
        self._row_ssrcs[place] = outbound.ssrc
        row = self._memory + place * ROW_BYTES
        name = _socket_address(outbound.socket.sock.family, outbound.address)
        name_at = self._names + place * ADDRESS_BYTES
        _ffi.memmove(name_at, name, len(name))
        self._iov[place].iov_base = row
        header = self._messages[place].msg_hdr
        header.msg_name = name_at
        header.msg_namelen = len(name)
        header.msg_iov = self._iov + place
        header.msg_iovlen = 1
        call = (
            outbound.session._srtp[0],
            _binding.ffi.cast("void *", int(_ffi.cast("uintptr_t", row))),
            self._length_memory + place,
            place,
        )
        if place < len(self._calls):
            self._calls[place] = call
            self._numbers[place] = numbers
        else:
            self._calls.append(call)
            self._numbers.append(numbers)


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
        np.frombuffer(_ffi.buffer(iov), np.uintp)[1] = 7
        message[0].msg_hdr.msg_name = name_memory
        message[0].msg_hdr.msg_namelen = len(name)
        message[0].msg_hdr.msg_iov = iov
        message[0].msg_hdr.msg_iovlen = 1
        sent = libc.sendmmsg(sender.fileno(), message, 1, 0)
        return bool(sent == 1) and receiver.recv(64) == b"earshot"
