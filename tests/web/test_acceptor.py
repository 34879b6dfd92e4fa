"""What takes connections from a listening socket."""

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator

import pytest

from relay.web.acceptor import Acceptor
from tests.sound_room import until


class FullHouse(socket.socket):
    """A listening socket on a machine that has no file descriptor left for a while."""

    attempts = 0
    full = True

    def accept(self) -> tuple[socket.socket, object]:
        self.attempts += 1
        if self.full:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.fixture
def listener() -> Iterator[FullHouse]:
    with FullHouse(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@pytest.fixture
def client(listener: FullHouse) -> Iterator[socket.socket]:
    with socket.create_connection(listener.getsockname()) as client:
        yield client


async def taken(connections: list[socket.socket], count: int) -> None:
    """Wait until so many were taken, and close them."""
    await until(lambda: len(connections) >= count)
    for connection in connections:
        connection.close()


async def test_it_takes_whoever_comes(listener: FullHouse) -> None:
    """More than at once as well; after its end nobody."""
    listener.full = False
    connections: list[socket.socket] = []
    acceptor = Acceptor(listener, connections.append)
    assert acceptor.alive
    many = 2 * Acceptor.AT_ONCE + 1
    clients = [socket.create_connection(listener.getsockname()) for _ in range(many)]
    await taken(connections, many)
    for client in clients:
        client.close()
    acceptor.close()
    acceptor.close()
    assert not acceptor.alive


async def test_it_does_not_try_as_often_as_it_could(
    listener: FullHouse, client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no room it rests, and the loop has time for everything else."""
    monkeypatch.setattr(Acceptor, "REST_S", 3600.0)
    acceptor = Acceptor(listener, lambda connection: None)
    await until(lambda: listener.attempts > 0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert listener.attempts == 1
    acceptor.close()


async def test_whoever_waited_gets_in_when_there_is_room(
    listener: FullHouse,
    client: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Until then it complains once a minute, and no more."""
    monkeypatch.setattr(Acceptor, "REST_S", 0.01)
    connections: list[socket.socket] = []
    now = 0.0
    acceptor = Acceptor(listener, connections.append, clock=lambda: now)
    await until(lambda: listener.attempts >= 5)
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "Too many open files" in caplog.text
    now = Acceptor.COMPLAINT_INTERVAL_S
    await until(lambda: len(caplog.records) == 2)
    listener.full = False
    await taken(connections, 1)
    acceptor.close()


async def test_it_can_be_closed_while_it_rests(
    listener: FullHouse, client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not come back."""
    monkeypatch.setattr(Acceptor, "REST_S", 0.01)
    acceptor = Acceptor(listener, lambda connection: None)
    await until(lambda: listener.attempts > 0)
    acceptor.close()
    attempts = listener.attempts
    await asyncio.sleep(0.05)
    assert listener.attempts == attempts
    assert not acceptor.alive
