"""Who is told that the server is here."""

from typing import Any

import pytest

from relay.adapters import mdns, supervisor_discovery
from relay.options import MANIFEST, read_file
from relay.settings import Settings
from relay.wiring import introductions
from relay.wiring.introductions import introduced

DEFAULTS: dict[str, Any] = read_file(MANIFEST)["options"]


class Stand:
    """Remembers what it was made of, instead of telling it."""

    def __init__(self) -> None:
        self.made: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.open = 0

    def __call__(self, *args: Any, **kwargs: Any) -> "Stand":
        self.made.append((args, kwargs))
        return self

    async def __aenter__(self) -> None:
        self.open += 1

    async def __aexit__(self, *_: object) -> None:
        self.open -= 1


async def token(name: str) -> str:
    return f"token of {name}"


async def revoked(_: str) -> None:
    return None


@pytest.fixture
def lan(monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand()
    monkeypatch.setattr(mdns, "Announcement", stand)
    return stand


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand()
    monkeypatch.setattr(supervisor_discovery, "SupervisorDiscovery", stand)
    return stand


async def test_the_lan_is_told_what_everybody_may_know(
    lan: Stand, supervisor: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At addresses of this machine, as long as the block runs; without a Supervisor nobody else is."""
    monkeypatch.setattr(
        introductions, "lan_addresses", lambda: ["192.0.2.7", "192.0.2.8"]
    )
    wanted = ["192.0.2.7", "198.51.100.1"]
    settings = Settings.from_options(DEFAULTS | {"media_addresses": wanted})
    async with introduced(settings, "id", token):
        assert lan.open == 1
    assert lan.open == 0
    ((port, text, addresses), _) = lan.made[0]
    assert port == 8080
    assert set(text) == {"id", "version", "audio_port", "https_port"}
    assert addresses() == ["192.0.2.7"]
    assert supervisor.made == []


async def test_it_can_be_switched_off(lan: Stand) -> None:
    settings = Settings.from_options(DEFAULTS | {"advertise": False})
    async with introduced(settings, "id", token):
        pass
    assert lan.made == []


@pytest.mark.parametrize(
    ("let_in", "more"), [(token, {"token": "token of Home Assistant"}), (revoked, {})]
)
async def test_home_assistant_is_told_how_to_come_in(
    lan: Stand, supervisor: Stand, let_in: Any, more: dict[str, str]
) -> None:
    """Without a token if somebody has taken it back."""
    settings = Settings.from_options(
        DEFAULTS, supervised=True, supervisor_token="secret"
    )
    async with introduced(settings, "id", let_in):
        ((given, introduction), _) = supervisor.made[0]
        assert given == "secret"
        where = {"host": "127.0.0.1", "port": 8080, "id": "id"}
        assert await introduction() == where | more


def test_the_token_is_shown_nowhere() -> None:
    settings = Settings.from_options(
        DEFAULTS, supervised=True, supervisor_token="secret"
    )
    assert "secret" not in repr(settings)


def test_nothing_is_loaded_that_is_not_wanted() -> None:
    """A program that does not announce itself needs no library for it."""
    assert not hasattr(introductions, "Announcement")
    assert not hasattr(introductions, "SupervisorDiscovery")
