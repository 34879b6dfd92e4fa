"""How Cassandra's servers are reached, from options."""

from pathlib import Path
from typing import Any

from relay.cassandra_settings import CassandraSettings
from relay.options import MANIFEST, read_file

DEFAULTS: dict[str, Any] = read_file(MANIFEST)["options"]


def settings_of(**options: Any) -> CassandraSettings:
    return CassandraSettings.from_options(DEFAULTS | options, Path("/ssl"))


def test_the_defaults_are_those_of_the_manifest():
    """No server, one copy, nobody to be."""
    assert settings_of() == CassandraSettings()


def test_copies_are_one_number_or_some_by_data_centre():
    """As the schema lets them through."""
    assert settings_of(cassandra_replication="3").replication == 3
    by_centre = settings_of(cassandra_replication="home:3,cabin:1").replication
    assert by_centre == {"home": 3, "cabin": 1}


def test_a_certificate_lies_where_certificates_lie():
    """As that of the broker."""
    assert settings_of(cassandra_cafile="ca.pem").cafile == Path("/ssl/ca.pem")


def test_the_password_is_shown_nowhere():
    """Not even where settings are printed whole."""
    given = settings_of(cassandra_username="earshot", cassandra_password="secret")
    assert given.password == "secret"
    assert "secret" not in repr(given)
