"""A broker that says nothing, and that nothing is left of those who asked it."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.adapters.mosquitto import HOST, PATIENCE_S
from tests.sound_room import until


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Somebody who takes connections and says nothing, for as long as it is there."""
    gone = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(wait, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        gone.set()
        server.close()
        await server.wait_closed()


async def until_no_thread() -> None:
    await until(
        lambda: not [t for t in threading.enumerate() if t.name == "mqtt"], PATIENCE_S
    )
    gc.collect()
