"""How the servers that keep the history are reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class CassandraSettings:
    """For `history_store: cassandra`; the defaults are those of ``config.json``."""

    hosts: tuple[str, ...] = ()
    """One that answers is enough; it tells of the others."""
    port: int = 9042
    keyspace: str = "earshot"
    replication: Mapping[str, int] | int = 1
    """Copies, in all or by data centre; counts when the keyspace is made."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    cafile: Path | None = None
    """Who signed the servers' certificates (PEM); None: whom the system trusts."""

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], certificates: Path = Path()
    ) -> "CassandraSettings":
        cafile = options.get("cassandra_cafile")
        return cls(
            hosts=tuple(options["cassandra_hosts"]),
            port=options["cassandra_port"],
            keyspace=options["cassandra_keyspace"],
            replication=_replication(options["cassandra_replication"]),
            username=options.get("cassandra_username"),
            password=options.get("cassandra_password"),
            tls=options["cassandra_tls"],
            cafile=certificates / cafile if cafile else None,
        )


def _replication(text: str) -> Mapping[str, int] | int:
    """Read ``3`` or ``home:3,cabin:2``, which the schema has checked."""
    if text.isdecimal():
        return int(text)
    copies = (part.split(":") for part in text.split(","))
    return {centre: int(number) for centre, number in copies}
