"""The examples say what the program understands."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.options import gather
from relay.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "examples" / "compose.yaml"


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
