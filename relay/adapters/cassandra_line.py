"""The line to Cassandra: the driver blocks and has threads, so it is kept off the event loop."""

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from cassandra import (
    ConsistencyLevel,
    DriverException,
    OperationTimedOut,
    ProtocolVersion,
)
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
)
from cassandra.connection import ConnectionException
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    TokenAwarePolicy,
)

from relay.cassandra_settings import CassandraSettings
from relay.errors import HistoryUnavailable

SECONDS = 1.0
REQUEST_S = 5 * SECONDS
"""For one statement. What is under way when the driver is told to end still waits so long."""
CONNECT_S = 5 * SECONDS
"""For each step of a handshake."""
RECONNECT_S = 1 * SECONDS
HEARTBEAT_S = 5 * SECONDS
CLOSE_S = 5 * SECONDS

CLOSED = "Cassandra: closed"
READERS = 3
IN_FLIGHT = 256
"""Statements that are under way at once; the writer waits when there are more."""
PAGE_ROWS = 500
"""A page is read in one go, and nothing else runs meanwhile: these take some milliseconds."""
MANY_STATEMENTS = 200
"""Questions have steps and features of their own, so somebody could ask for ever new ones."""

FAILURES = (DriverException, NoHostAvailable, ConnectionException, OSError)
"""What the driver raises."""

Statement = tuple[Any, Sequence[Any] | None]
"""What was prepared, and its parameters; a batch has them already."""
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

# For a server that is away the driver has a traceback every second. Whoever keeps history
# says it once, and /health says it all the time.
logging.getLogger("cassandra").setLevel(logging.CRITICAL)


class CassandraLine:
    """
    Runs what speaks to the driver on threads: writes in a row on one, reads beside them.

    The driver itself comes back to servers that were away.
    """

    def __init__(self, settings: CassandraSettings) -> None:
        self._settings = settings
        self._cluster: Any = None
        self._writer = ThreadPoolExecutor(1, "cassandra-write")
        self._readers = ThreadPoolExecutor(READERS, "cassandra-read")
        self._closed = False

    async def write(self, work: Callable[[], Result]) -> Result:
        """Run it after all earlier ones. Raises `HistoryUnavailable`."""
        return await self._run(self._writer, work)

    async def read(self, work: Callable[[], Result]) -> Result:
        """Run it beside others. Raises `HistoryUnavailable`."""
        return await self._run(self._readers, work)

    async def _run(
        self, threads: ThreadPoolExecutor, work: Callable[[], Result]
    ) -> Result:
        if self._closed:
            raise HistoryUnavailable(CLOSED)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(threads, work)
        except FAILURES as error:
            raise HistoryUnavailable(f"Cassandra: {_in_words(error)}") from error

    def connect(self) -> Any:
        """
        Return a session of the driver. Blocks.

        Raises one of `FAILURES`, or `HistoryUnavailable` if it was closed meanwhile.
        """
        self.disconnect()
        self._cluster = cluster = _cluster(self._settings)
        try:
            session = cluster.connect()
            if self._closed:
                raise HistoryUnavailable(CLOSED)
        except BaseException:
            cluster.shutdown()
            raise
        session.default_fetch_size = PAGE_ROWS
        return session

    def disconnect(self) -> None:
        """Blocks. What is under way fails."""
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.shutdown()

    async def close(self) -> None:
        """Let go of servers and threads. Idempotent."""
        if self._closed:
            return
        self._closed = True
        threads = ThreadPoolExecutor(1, "cassandra-close")
        closing = asyncio.get_running_loop().run_in_executor(threads, self.disconnect)
        _, late = await asyncio.wait([closing], timeout=CLOSE_S)
        if late:
            logger.warning("Cassandra does not let go; its threads end by themselves")
        for each in (self._writer, self._readers, threads):
            each.shutdown(wait=False)


def _cluster(settings: CassandraSettings) -> Any:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        request_timeout=REQUEST_S,
    )
    return Cluster(
        settings.hosts,
        port=settings.port,
        # The next one adds checksums to those of TCP, for a fifth of the time of a write.
        protocol_version=ProtocolVersion.V4,
        auth_provider=PlainTextAuthProvider(settings.username, settings.password or "")
        if settings.username
        else None,
        ssl_context=ssl.create_default_context(cafile=settings.cafile)
        if settings.tls
        else None,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(RECONNECT_S, None),
        connect_timeout=CONNECT_S,
        control_connection_timeout=CONNECT_S,
        idle_heartbeat_interval=HEARTBEAT_S,
        idle_heartbeat_timeout=REQUEST_S,
        monitor_reporting_enabled=False,
    )


class Statements:
    """
    Prepared statements by their text, in which ``{keyspace}`` is ours.

    Each is prepared when it is needed first: over a slow line all at once take too long.
    """

    def __init__(self, session: Any, keyspace: str) -> None:
        self._session = session
        self._keyspace = keyspace
        self._prepared: dict[str, Any] = {}

    def __getitem__(self, text: str) -> Any:
        """Blocks; raises one of `FAILURES`."""
        prepared = self._prepared.get(text)
        if prepared is None:
            if len(self._prepared) >= MANY_STATEMENTS:
                self._prepared.clear()
            prepared = self._session.prepare(text.format(keyspace=self._keyspace))
            self._prepared[text] = prepared
        return prepared


def execute_all(session: Any, statements: Iterable[Statement]) -> None:
    """
    Execute statements, many at once, and wait for all of them.

    After the first that fails no other is begun. Blocks; raises that one's error.
    """
    places = threading.Semaphore(IN_FLIGHT)
    errors: list[BaseException] = []

    def failed(error: BaseException) -> None:
        errors.append(error)
        places.release()

    try:
        for statement, parameters in statements:
            places.acquire()
            if errors:
                places.release()
                break
            try:
                future = session.execute_async(statement, parameters)
            except BaseException:
                places.release()
                raise
            future.add_callbacks(lambda _: places.release(), failed)
            time.sleep(0)  # the event loop need not wait for the interpreter's lock
    finally:
        for _ in range(IN_FLIGHT):
            places.acquire()
    if errors:
        raise errors[0]


def _in_words(error: BaseException) -> str:
    """Return one line; the driver's own may be a page, with a line for each server."""
    if isinstance(error, OperationTimedOut):
        return f"no answer within {REQUEST_S:g} s"
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict):
        causes = (f"{host}: {cause}" for host, cause in error.errors.items())
        return "; ".join(causes) or error.args[0]
    return next(iter(str(error).splitlines()), type(error).__name__)
