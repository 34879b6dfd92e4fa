"""Sockets in another network namespace, for a process that stays where it is."""

import ctypes
import os
import socket

import aiohttp

from bench.impaired_link import CLONE_NEWNET, End


def socket_in(end: End, kind: int) -> socket.socket:
    """
    Return an IPv4 socket, not blocking, that belongs to one side of a link.

    A socket stays in the namespace in which it was made; only this thread is there
    meanwhile. Raises `OSError` without root.
    """
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{end.namespace}", os.O_RDONLY)
    try:
        _enter(there)
        try:
            made = socket.socket(socket.AF_INET, kind)
        finally:
            _enter(own)
    finally:
        os.close(own)
        os.close(there)
    made.setblocking(False)
    return made


def connector_in(end: End) -> aiohttp.TCPConnector:
    """Return what lets an HTTP client session live on one side of a link."""
    return aiohttp.TCPConnector(
        limit=0, socket_factory=lambda _: socket_in(end, socket.SOCK_STREAM)
    )


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
