"""History in a real Cassandra: how it is set up, and who is let in."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cassandra.cluster import Cluster

from relay.adapters.cassandra_schema import FEATURES_TABLE
from relay.adapters.history_cassandra import CassandraHistory
from relay.cassandra_settings import CassandraSettings
from relay.errors import HistoryUnavailable
from relay.ports import HistoryQuery
from tests.cassandra.history import DAY, MIDNIGHT, cassandra_history, noise, row
from tests.cassandra.server import HOST, CassandraServer, cassandra_server

pytestmark = pytest.mark.cassandra

A_DAY = HistoryQuery(MIDNIGHT, MIDNIGHT + DAY, features=("level_dbfs",))


async def cql(settings: CassandraSettings, statement: str) -> list[Any]:
    """Do something behind the history's back; ``{}`` is its keyspace."""

    def execute() -> list[Any]:
        with Cluster(settings.hosts, settings.port, protocol_version=5) as cluster:
            return list(
                cluster.connect().execute(
                    statement.format(settings.keyspace), timeout=30
                )
            )

    return await asyncio.to_thread(execute)


async def test_history_is_there_after_a_restart(keyspace: CassandraSettings):
    """The tables stay as they are."""
    for at in (MIDNIGHT, MIDNIGHT + 1):
        async with cassandra_history(keyspace) as history:
            await history.write([row(at)], [])
            table = await history.table(A_DAY)
    assert table.times == [MIDNIGHT, MIDNIGHT + 1]


async def test_a_feature_that_is_new_gets_a_column(keyspace: CassandraSettings):
    """Earshot was updated; older rows do not know it."""
    async with cassandra_history(keyspace) as history:
        await history.write([row(MIDNIGHT)], [])
    await cql(keyspace, "ALTER TABLE {}.audio_features DROP pitch_hz")
    async with cassandra_history(keyspace) as history:
        await history.write([row(MIDNIGHT + 1)], [])
        table = await history.table(replace(A_DAY, features=("level_dbfs", "pitch_hz")))
    assert table.mean == {"level_dbfs": [-40, -40], "pitch_hz": [None, None]}


async def test_a_keyspace_that_is_there_is_not_changed(keyspace: CassandraSettings):
    """Its owner knows how many copies there are to be."""
    await cql(
        keyspace,
        "CREATE KEYSPACE {} WITH replication = "
        "{{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}}",
    )
    async with cassandra_history(replace(keyspace, replication=3)) as history:
        await history.write([row(MIDNIGHT)], [])
    (found,) = await cql(
        keyspace,
        "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{}'",
    )
    assert found[0]["datacenter1"] == "1"


@pytest.mark.parametrize("copies", [1, {"datacenter1": 1}], ids=["all", "centre"])
async def test_a_keyspace_that_is_missing_gets_its_copies(
    keyspace: CassandraSettings, copies: int | dict[str, int]
):
    """In all, or by data centre."""
    async with cassandra_history(replace(keyspace, replication=copies)):
        (found,) = await cql(
            keyspace,
            "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{}'",
        )
    key = "replication_factor" if copies == 1 else "datacenter1"
    assert found[0][key] == "1"


async def test_rows_expire(keyspace: CassandraSettings):
    """After the days of the option, which may be others tomorrow."""
    seconds = "SELECT ttl(level_dbfs) FROM {}.audio_features"
    async with cassandra_history(keyspace, days=30) as history:
        await history.write([row(MIDNIGHT)], [noise(MIDNIGHT)])
        ((left,),) = await cql(keyspace, seconds)
        assert 30 * DAY - 60 < left <= 30 * DAY
    async with cassandra_history(keyspace, days=2 / DAY) as history:
        await history.write([row(MIDNIGHT)], [noise(MIDNIGHT)])
        async with asyncio.timeout(20):
            while (await history.table(A_DAY)).times or await history.events(A_DAY):  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.2)
        assert await history.streams() == []


async def test_tables_that_somebody_took_away_are_made_anew(
    history: CassandraHistory, keyspace: CassandraSettings
):
    """One write fails, and the next one is kept."""
    await history.write([row(MIDNIGHT)], [])
    for taken in ("TABLE {}." + FEATURES_TABLE, "KEYSPACE {}"):
        await cql(keyspace, f"DROP {taken}")
        async with asyncio.timeout(60):
            while True:
                try:
                    await history.write([row(MIDNIGHT + 1)], [])
                except HistoryUnavailable:
                    await asyncio.sleep(0.1)
                else:
                    break
        assert (await history.table(A_DAY)).times == [MIDNIGHT + 1]


async def test_before_it_is_open_and_after_it_is_closed_it_is_not_there(
    keyspace: CassandraSettings,
):
    """Closing twice is harmless."""
    history = CassandraHistory(keyspace, 30)
    with pytest.raises(HistoryUnavailable, match="not connected"):
        await history.latest()
    await history.open()
    await history.close()
    await history.close()
    for use in (history.latest(), history.write([row(MIDNIGHT)], []), history.open()):
        with pytest.raises(HistoryUnavailable, match="closed"):
            await use


async def test_it_ends_in_time_while_the_server_hangs(
    keyspace: CassandraSettings, cassandra: CassandraServer
):
    """What is under way fails, and no thread is left behind."""
    history = CassandraHistory(keyspace, 30)
    await history.open()
    cassandra.pause()
    try:
        rows = [row(MIDNIGHT + second) for second in range(5000)]
        under_way = [
            asyncio.create_task(history.write(rows, [])),
            asyncio.create_task(history.latest()),
        ]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(20):
            await history.close()
            for task in under_way:
                with pytest.raises(HistoryUnavailable):
                    await task
            while any("cassandra-" in it.name for it in threading.enumerate()):  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)
    finally:
        cassandra.resume()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("cassandra")
async def test_whoever_is_let_in_says_who_it_is_on_an_encrypted_line(tmp_path: Path):
    """And nobody learns the password, neither from a stranger's server nor from an error."""
    async with cassandra_server(tmp_path, guarded=True) as server:
        right = CassandraSettings(
            (HOST,),
            server.port,
            username="cassandra",
            password="cassandra",
            tls=True,
            cafile=server.certificate,
        )
        async with asyncio.timeout(60), cassandra_history(right) as history:
            await history.write([row(MIDNIGHT)], [])
            assert (await history.table(A_DAY)).times == [MIDNIGHT]
        for wrong, problem in (
            (replace(right, password="hush-hush"), "incorrect"),
            (replace(right, cafile=None), "certificate verify failed"),
            (replace(right, tls=False), HOST),
        ):
            history = CassandraHistory(wrong, 30)
            with pytest.raises(HistoryUnavailable, match=problem) as caught:
                await history.open()
            assert "hush-hush" not in str(caught.value)
            await history.close()
