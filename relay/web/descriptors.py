"""File descriptors: how many this process may have, and what a port gets of them."""

import resource

ENOUGH = 24_000
"""More is not asked for: it is as many as the option ``max_connections`` can ask for."""
RESERVED = 64
"""For everything but HTTP: media, files, connections that are just being made or closed."""
PORTS = 3
"""They share the rest equally, so that a crowd at one of them leaves the other alone."""


def descriptors() -> int:
    """Return how many there may be, after asking for as many as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    now, most = _capped(soft), _capped(hard)
    if now < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):  # macOS promises more than it gives
            return now
    return most


def _capped(limit: int) -> int:
    return ENOUGH if limit == resource.RLIM_INFINITY else min(limit, ENOUGH)


def connections_per_port(total: int) -> int:
    """Return how many connections a port may have open, of so many descriptors."""
    return max(1, (total - RESERVED) // PORTS)
