"""The examples say what the program understands."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.adapters.cassandra_schema import TABLES
from relay.features import FEATURE_NAMES
from relay.options import gather
from relay.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "examples" / "compose.yaml"
SPARK = ROOT / "examples" / "average_level_spark.py"


@pytest.fixture
def services() -> dict[str, Any]:
    """What is started, by name."""
    services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return services


def test_earshot_is_built_from_here_and_waits_for_cassandra(services: dict[str, Any]):
    """Until that answers; and it is where phones find it."""
    earshot = services["earshot"]
    assert (COMPOSE.parent / earshot["build"] / "Dockerfile").exists()
    assert earshot["depends_on"] == {"cassandra": {"condition": "service_healthy"}}
    assert earshot["network_mode"] == "host"
    assert services["cassandra"]["healthcheck"]["test"][:2] == ["CMD", "cqlsh"]


def test_earshot_is_given_options_that_there_are(services: dict[str, Any]):
    """With values that the schema allows, and the server that is started beside it."""
    environment = services["earshot"]["environment"]
    options = gather([], environment, supervisor_options=ROOT / "none.json")
    assert options.warnings == ()
    settings = Settings.from_options(options.values)
    assert settings.history.store == "cassandra"
    assert settings.cassandra.hosts == ("127.0.0.1",)
    assert services["cassandra"]["ports"] == [
        f"127.0.0.1:{settings.cassandra.port}:9042"
    ]


def test_what_is_kept_is_kept_in_volumes(services: dict[str, Any]):
    """So a newer image finds it; each is declared, and mounted where it belongs."""
    declared = yaml.safe_load(COMPOSE.read_text())["volumes"]
    mounted = dict(
        volume.split(":")
        for service in services.values()
        for volume in service["volumes"]
    )
    assert mounted == {"cassandra": "/var/lib/cassandra", "earshot": "/data"}
    assert set(declared) == set(mounted)


def test_nobody_on_the_network_reaches_the_server_that_keeps_history(
    services: dict[str, Any],
):
    """It asks nobody for a password."""
    for port in services["cassandra"]["ports"]:
        assert port.startswith("127.0.0.1:")


def said_to(function: str) -> set[str]:
    """Return the texts that the program for Spark calls a function with."""
    return {
        word.value
        for call in ast.walk(ast.parse(SPARK.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == function
        for argument in call.args
        for word in ast.walk(argument)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }


def test_spark_is_asked_for_tables_and_columns_that_there_are():
    """Spark itself is too large for tests; docs/cassandra.md says how it was run."""
    assert said_to("table") == {"streams", "audio_features"} <= set(TABLES)
    columns = said_to("F.col") | said_to("streams.select") | said_to("partitions.join")
    known = {*re.findall(r"\w+", TABLES["audio_features"]), *FEATURE_NAMES}
    assert columns == {"stream", "day", "captured_at", "level_dbfs"} <= known
