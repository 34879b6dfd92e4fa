"""What a server counts by itself, from its page of metrics."""

import re

import aiohttp

from bench.server_process import ServerProcess

LINE = re.compile(r"^(\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)

Metrics = dict[str, float]
"""By name, with the labels as they are written: ``name{label="value"}``."""


async def metrics_of(session: aiohttp.ClientSession, server: ServerProcess) -> Metrics:
    """Ask Earshot for its numbers; the session decides from which network."""
    async with session.get(f"{server.pages}/metrics") as answer:
        return parse(await answer.text())


def parse(text: str) -> Metrics:
    """Read Prometheus's text format, as far as this server writes it."""
    return {name: float(value) for name, value in LINE.findall(text)}
