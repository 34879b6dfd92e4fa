"""What waits in a connection."""

import asyncio
import ssl
from pathlib import Path

from relay.tls.names import Names
from relay.unsent import unsent_bytes
from tests.tcp_server import tcp_server
from tests.tls.house_keys import keeper


async def _unsent_after(
    context: ssl.SSLContext | None, trusts: ssl.SSLContext | None
) -> tuple[int, int]:
    """Write to somebody who does not read; return what waits, and what after two closes."""
    waits: asyncio.Future[tuple[int, int]] = asyncio.Future()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        for _ in range(1024):
            writer.write(bytes(16 << 10))
        before = unsent_bytes(transport)
        transport.close()
        transport.close()
        waits.set_result((before, unsent_bytes(transport)))
        transport.abort()

    async with tcp_server(serve, certificate=context) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusts)
        async with asyncio.timeout(10):
            result = await waits
        writer.transport.abort()
    return result


async def test_what_nobody_reads_waits() -> None:
    """Also after the connection was closed: what was written before is still to be sent."""
    before, after = await _unsent_after(None, None)
    assert before > 8 << 20
    assert after == before


async def test_with_tls(tmp_path: Path) -> None:
    """And a connection that was closed twice is no error."""
    certificates = keeper(tmp_path, lambda: Names.of([], "pi"))
    certificates.look()
    assert certificates.authority is not None
    trusts = ssl.create_default_context(cadata=certificates.authority.pem.decode())
    before, after = await _unsent_after(certificates.context, trusts)
    assert before > 8 << 20
    assert after == 0
