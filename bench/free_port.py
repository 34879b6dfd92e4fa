"""Ports for servers under test."""

import random
import socket

# Below the range from which systems take ports for clients by themselves: a port from
# there may be somebody's between the moment it is found free and the server's start.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """Return a port that nobody has at the moment, neither for TCP nor for UDP."""
    while True:
        port = random.randrange(FIRST, LAST)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
