"""What the tests of the adapters share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from relay.adapters.history_cassandra import CassandraHistory
from relay.cassandra_settings import CassandraSettings
from tests.adapters.mosquitto import Mosquitto
from tests.cassandra.history import cassandra_history
from tests.cassandra.server import HOST, CassandraMissing, CassandraServer

KEYSPACES = count(1)


@pytest_asyncio.fixture
async def broker(
    requires_program: Callable[[str], str], tmp_path: Path
) -> AsyncIterator[Mosquitto]:
    """A broker that lets everybody in."""
    async with Mosquitto(requires_program("mosquitto"), tmp_path) as broker:
        yield broker


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CassandraServer]:
    """A server of the tests that need one; it takes half a minute to start."""
    folder = tmp_path_factory.mktemp("cassandra")
    try:
        server = CassandraServer(folder)
    except CassandraMissing as error:
        pytest.skip(str(error))
    try:
        asyncio.run(server.start())
        yield server
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def keyspace(cassandra: CassandraServer) -> CassandraSettings:
    """A keyspace that nobody has used yet."""
    return CassandraSettings(
        (HOST,), cassandra.port, keyspace=f"test_{next(KEYSPACES)}"
    )


@pytest_asyncio.fixture
async def history(keyspace: CassandraSettings) -> AsyncIterator[CassandraHistory]:
    """History in that keyspace, ready."""
    async with cassandra_history(keyspace) as history:
        yield history
