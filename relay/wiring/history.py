"""Where history is kept, opened if it is wanted."""

from contextlib import AsyncExitStack

from relay.consumers.history import History
from relay.errors import SettingsError
from relay.events import EventBus
from relay.history_file import FILE_NAME
from relay.ports import HistoryStore
from relay.settings import Settings


async def open_history(
    settings: Settings, bus: EventBus, stack: AsyncExitStack
) -> History | None:
    """Keep what is measured from now on; nobody waits for the store."""
    if not settings.history.enabled:
        return None
    return await stack.enter_async_context(History(_store(settings), bus))


def _store(settings: Settings) -> HistoryStore:
    """Return the store of the options; the other one is not even loaded."""
    if settings.history.store == "cassandra":
        return _cassandra(settings)
    from relay.adapters.history_sqlite import SqliteHistory
    from relay.adapters.sqlite_retention import Limits

    limits = Limits(settings.history.days, settings.history.max_mb)
    return SqliteHistory(settings.data_dir / FILE_NAME, limits)


def _cassandra(settings: Settings) -> HistoryStore:
    if not settings.cassandra.hosts:
        raise SettingsError(
            "cassandra_hosts: history_store is cassandra, so name at least one server"
        )
    try:
        from relay.adapters.history_cassandra import CassandraHistory
    except ImportError as error:
        raise SettingsError(
            "history_store: cassandra needs its driver: .venv/bin/python -m pip install"
            " --require-hashes -r requirements-cassandra.txt"
        ) from error
    return CassandraHistory(settings.cassandra, settings.history.days)
