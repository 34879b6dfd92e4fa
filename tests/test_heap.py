"""What is freed does not stay with the process for ever."""

import ctypes
import platform
import sys
from pathlib import Path

import pytest

from relay import heap

MB = 1024 * 1024
PAGE = 4096


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.mark.skipif(sys.platform != "linux", reason="counts by Linux's /proc")
@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="it is glibc that keeps it"
)
def test_holes_in_the_heap_are_given_back():
    """Even those below something that is still in use."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    size = 16 * PAGE  # small enough for the heap, large enough to be whole pages
    blocks = [libc.malloc(ctypes.c_size_t(size)) for _ in range(64 * MB // size)]
    for block in blocks:
        ctypes.memset(block, 1, size)
    for block in blocks[:-1]:
        libc.free(ctypes.c_void_p(block))
    before = resident_bytes()
    assert heap.give_back_free_memory()
    assert before - resident_bytes() > 48 * MB
    libc.free(ctypes.c_void_p(blocks[-1]))


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    """It has no such function, and does not need one."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not heap.give_back_free_memory()
