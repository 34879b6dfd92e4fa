"""Whom the server tells that it is here; each is imported only if it is wanted."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from relay import __version__
from relay.settings import Settings
from relay.webrtc.host_addresses import lan_addresses

LetIn = Callable[[str], Awaitable[str | None]]
"""Lets a program of this machine in by its name, and returns its token."""


@asynccontextmanager
async def introduced(
    settings: Settings, instance: str, let_in: LetIn
) -> AsyncIterator[None]:
    """Tell programs that the doors are open, as long as they are; nobody is waited for."""
    port = settings.signaling.port
    async with AsyncExitStack() as stack:
        if settings.signaling.advertise:
            from relay.adapters.mdns import Announcement

            await stack.enter_async_context(
                Announcement(
                    port,
                    _text(settings, instance),
                    lambda: _own(settings.media.addresses),
                    name=f"Earshot on {socket.gethostname()}",
                )
            )
        if settings.supervisor_token is not None:
            from relay.adapters.supervisor_discovery import SupervisorDiscovery

            async def introduction() -> dict[str, object]:
                # Both share the host's network, where nobody else can be at this address.
                where = {"host": "127.0.0.1", "port": port, "id": instance}
                token = await let_in("Home Assistant")
                return where if token is None else where | {"token": token}

            await stack.enter_async_context(
                SupervisorDiscovery(settings.supervisor_token, introduction)
            )
        yield


def _own(wanted: Sequence[str]) -> list[str]:
    """Return the addresses of this machine on the LAN; the wanted ones if any are."""
    return [a for a in lan_addresses() if not wanted or a in wanted]


def _text(settings: Settings, instance: str) -> dict[str, str]:
    """Return what everybody on the LAN may know."""
    text = {
        "id": instance,
        "version": __version__,
        "audio_port": str(settings.mp3.port),
    }
    if settings.tls.enabled:
        text["https_port"] = str(settings.tls.port)
    return text
