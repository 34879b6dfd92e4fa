"""What waits in a connection, encrypted or not."""

import asyncio


def unsent_bytes(transport: asyncio.Transport) -> int:
    """
    Return what was written and is not in the kernel yet.

    With TLS that is without what lies below the encryption: 64 KiB, or one write. Of a TLS
    connection that was closed twice nothing is known any more: asyncio takes it apart.
    """
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        return 0
