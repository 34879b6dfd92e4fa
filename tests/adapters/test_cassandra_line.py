"""The line to Cassandra, with a driver of the test's own; the real one is in other tests."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cassandra import OperationTimedOut
from cassandra.cluster import NoHostAvailable

from relay.adapters.cassandra_line import (
    IN_FLIGHT,
    MANY_STATEMENTS,
    CassandraLine,
    Statements,
    execute_all,
)
from relay.cassandra_settings import CassandraSettings
from relay.errors import HistoryUnavailable


class Driver:
    """A session that answers when it is told to, from another thread."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.begun: list[int] = []
        self.under_way = 0
        self.most_under_way = 0
        self.prepared: list[str] = []
        self._fails_at = fails_at
        self._lock = threading.Lock()

    def execute_async(self, statement: int, _: object) -> "Driver.Future":
        with self._lock:
            self.begun.append(statement)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        return Driver.Future(self, statement)

    def prepare(self, text: str) -> str:
        self.prepared.append(text)
        return text.upper()

    class Future:
        def __init__(self, driver: "Driver", statement: int) -> None:
            self._driver, self._statement = driver, statement

        def add_callbacks(
            self, done: Callable[[Any], None], failed: Callable[[Any], None]
        ) -> None:
            def answer() -> None:
                with self._driver._lock:
                    self._driver.under_way -= 1
                if self._statement == self._driver._fails_at:
                    failed(OperationTimedOut())
                else:
                    done(None)

            threading.Timer(0.01, answer).start()


def numbers(count: int) -> Iterator[tuple[int, None]]:
    return ((number, None) for number in range(count))


def test_many_statements_are_under_way_at_once_but_no_more_than_that():
    """And all have their answers when it returns."""
    driver = Driver()
    execute_all(driver, numbers(2 * IN_FLIGHT))
    assert driver.begun == list(range(2 * IN_FLIGHT))
    assert driver.under_way == 0
    assert 1 < driver.most_under_way <= IN_FLIGHT


def test_after_a_failure_nothing_else_is_begun():
    """What was under way is waited for, so nothing is written behind anybody's back."""
    driver = Driver(fails_at=3)
    with pytest.raises(OperationTimedOut):
        execute_all(driver, numbers(100 * IN_FLIGHT))
    assert driver.under_way == 0
    assert len(driver.begun) < 100 * IN_FLIGHT


def test_nothing_to_do_is_done_at_once():
    """A second without sound."""
    execute_all(Driver(), [])


def test_a_statement_is_prepared_once_and_when_it_is_needed():
    """With the keyspace in its place."""
    driver = Driver()
    statements = Statements(driver, "attic")
    assert driver.prepared == []
    assert statements["select {keyspace}.x"] == "SELECT ATTIC.X"
    assert statements["select {keyspace}.x"] == "SELECT ATTIC.X"
    assert driver.prepared == ["select attic.x"]


def test_statements_do_not_pile_up():
    """Whoever asks with ever new steps only makes them be prepared again."""
    driver = Driver()
    statements = Statements(driver, "attic")
    for number in range(2 * MANY_STATEMENTS):
        statements[f"{number}"]
    assert len(statements._prepared) <= MANY_STATEMENTS


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationTimedOut(), "Cassandra: no answer within 5 s"),
        (
            NoHostAvailable("page\nlong", {"192.0.2.7:9042": OSError("refused")}),
            "Cassandra: 192.0.2.7:9042: refused",
        ),
        (
            NoHostAvailable("all hosts were tried", {}),
            "Cassandra: all hosts were tried",
        ),
        (OSError("no route"), "Cassandra: no route"),
    ],
)
async def test_what_the_driver_raises_is_one_error_in_one_line(
    error: Exception, words: str
):
    """Whoever keeps history knows no driver."""
    line = CassandraLine(CassandraSettings())

    def fail() -> None:
        raise error

    for run in (line.read, line.write):
        with pytest.raises(HistoryUnavailable) as caught:
            await run(fail)
        assert str(caught.value) == words
    await line.close()


async def test_writes_go_one_after_the_other_and_reads_beside_them():
    """A long look at the past does not hold up the present, nor the other way round."""
    line = CassandraLine(CassandraSettings())
    order: list[str] = []
    may_go_on = threading.Event()

    def slow() -> None:
        may_go_on.wait(10)
        order.append("first write")

    first = asyncio.create_task(line.write(slow))
    second = asyncio.create_task(line.write(lambda: order.append("second write")))
    await line.read(lambda: order.append("read"))
    may_go_on.set()
    await asyncio.gather(first, second)
    assert order == ["read", "first write", "second write"]
    await line.close()


async def test_after_it_is_closed_it_says_so():
    """Closing twice is harmless."""
    line = CassandraLine(CassandraSettings())
    await line.close()
    await line.close()
    with pytest.raises(HistoryUnavailable, match="closed"):
        await line.read(lambda: None)
