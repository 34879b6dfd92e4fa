"""The tables in Cassandra: made when they are missing, and renewed when Earshot is newer."""

import re
from collections.abc import Mapping
from typing import Any

from relay.cassandra_settings import CassandraSettings
from relay.features import FEATURE_NAMES

DAY_S = 86_400
LONGEST_TTL_S = 20 * 365 * DAY_S
"""What Cassandra takes."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
CENTRE = re.compile(r"[A-Za-z0-9_.-]{1,100}")

FEATURES_TABLE = "audio_features"

# A partition is one stream's day: 86,400 rows. A window of compaction is a day too, so that
# what has expired goes file by file. A stream is known by the days on which it was there.
TABLES = {
    FEATURES_TABLE: """
        CREATE TABLE IF NOT EXISTS {keyspace}.audio_features (
            stream text, day date, captured_at timestamp, session text, {features},
            PRIMARY KEY ((stream, day), captured_at)
        ) WITH CLUSTERING ORDER BY (captured_at DESC) AND default_time_to_live = {ttl}
          AND compaction = {{'class': 'TimeWindowCompactionStrategy',
              'compaction_window_unit': 'DAYS', 'compaction_window_size': 1}}
    """,
    "sound_events": """
        CREATE TABLE IF NOT EXISTS {keyspace}.sound_events (
            stream text, day date, began_at timestamp, id text, kind text, session text,
            ended_at timestamp, level_dbfs float,
            PRIMARY KEY ((stream, day), began_at, id)
        ) WITH CLUSTERING ORDER BY (began_at DESC, id ASC) AND default_time_to_live = {ttl}
    """,
    "streams": """
        CREATE TABLE IF NOT EXISTS {keyspace}.streams (
            stream text, day date, session text,
            PRIMARY KEY (stream, day, session)
        ) WITH CLUSTERING ORDER BY (day DESC, session ASC) AND default_time_to_live = {ttl}
    """,
}


def make_or_renew(session: Any, settings: CassandraSettings, ttl_s: int) -> None:
    """
    Have all tables, with a column for every feature and the time after which rows expire.

    A keyspace that is there is taken as it is, so its owner may have made it. Raises
    what the driver raises.
    """
    keyspace = checked(settings.keyspace)
    if keyspace not in session.cluster.metadata.keyspaces:
        session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {keyspace}"
            f" WITH replication = {replication_map(settings.replication)}"
        )
    tables = session.cluster.metadata.keyspaces[keyspace].tables
    for name, statement in TABLES.items():
        table, ttl = tables.get(name), time_to_live(name, ttl_s)
        if table is None:
            features = ", ".join(f"{feature} float" for feature in FEATURE_NAMES)
            session.execute(
                statement.format(keyspace=keyspace, features=features, ttl=ttl)
            )
        elif table.options["default_time_to_live"] != ttl:
            session.execute(
                f"ALTER TABLE {keyspace}.{name} WITH default_time_to_live = {ttl}"
            )
    known = (
        tables[FEATURES_TABLE].columns if FEATURES_TABLE in tables else FEATURE_NAMES
    )
    if missing := [name for name in FEATURE_NAMES if name not in known]:
        added = ", ".join(f"{checked(name)} float" for name in missing)
        session.execute(f"ALTER TABLE {keyspace}.{FEATURES_TABLE} ADD ({added})")


def time_to_live(table: str, ttl_s: int) -> int:
    """Return after how many seconds rows expire; a stream's day outlives its last row."""
    if not ttl_s:
        return 0
    return min(ttl_s + DAY_S * (table == "streams"), LONGEST_TTL_S)


def checked(name: str) -> str:
    """Return a name that may stand in a statement. Raises `ValueError` if it is none."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for Cassandra")
    return name


def replication_map(replication: Mapping[str, int] | int) -> str:
    """Return it as CQL has it. Raises `ValueError` for a data centre with a strange name."""
    if isinstance(replication, int):
        return f"{{'class': 'SimpleStrategy', 'replication_factor': {replication}}}"
    copies = ["'class': 'NetworkTopologyStrategy'"]
    for centre, number in replication.items():
        if not CENTRE.fullmatch(centre):
            raise ValueError(f"{centre!r} is no data centre")
        copies.append(f"'{centre}': {number:d}")
    return "{" + ", ".join(copies) + "}"
