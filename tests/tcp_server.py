"""A TCP server of the tests: when its block ends, everybody it let in is let go."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tcp_server(
    serve: Serve, port: int = 0, *, certificate: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """
    Serve each connection in a task of its own; yield the port.

    What is left of tasks and connections in the end is cancelled and aborted, also what
    was accepted in the last moment: an abandoned `StreamWriter` complains in a later test.
    """
    tasks: set[asyncio.Future[None]] = set()
    writers: list[asyncio.StreamWriter] = []
    closing = False

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        if closing:
            writer.transport.abort()
        else:
            tasks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=certificate)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        closing = True
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
