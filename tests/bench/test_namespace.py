"""Sockets on the other side of a link."""

import asyncio
import socket

import aiohttp
import pytest

from bench.impaired_link import ImpairedLink, available
from bench.namespace import connector_in, socket_in

pytestmark = pytest.mark.skipif(bool(available()), reason=str(available()))


async def test_a_socket_is_there_and_its_owner_is_not():
    """It has the other side's address, which cannot be bound here."""
    with ImpairedLink(net=238) as link:
        with socket_in(link.far, socket.SOCK_DGRAM) as there:
            there.bind((link.far.address, 0))
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
            pytest.raises(OSError, match="assign"),
        ):
            here.bind((link.far.address, 0))


async def test_a_connection_goes_over_the_link():
    """From one side's socket to the other's."""
    with (
        ImpairedLink(net=239) as link,
        socket_in(link.near, socket.SOCK_STREAM) as door,
        socket_in(link.far, socket.SOCK_STREAM) as guest,
    ):
        door.bind((link.near.address, 0))
        door.listen()
        loop = asyncio.get_running_loop()
        await loop.sock_connect(guest, door.getsockname())
        came, address = await loop.sock_accept(door)
        came.close()
        assert address[0] == link.far.address


async def test_a_session_of_the_other_side_reaches_it():
    """And not what listens here."""
    with ImpairedLink(net=237) as link:
        async with aiohttp.ClientSession(connector=connector_in(link.far)) as session:
            with socket.socket() as here:
                here.bind(("127.0.0.1", 0))
                here.listen()
                port = here.getsockname()[1]
                with pytest.raises(aiohttp.ClientConnectionError):
                    await session.get(f"http://127.0.0.1:{port}/")
