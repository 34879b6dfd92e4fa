"""Tests of relay/web/own_names.py: under which names the server answers."""

import pytest

from relay.web.own_names import FRESH_S, OwnNames, host_of


class Machine:
    """A computer with a name, addresses and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.addresses = {"192.168.1.5", "fd00::5", "127.0.0.1"}
        self.names = OwnNames(
            ["earshot.home", "2001:db8::7"],
            host_name=lambda: "Pantry.fritz.box",
            addresses=lambda: self.addresses,
            clock=lambda: self.now,
        )


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("Nursery.local:8080", "nursery.local"),
        ("nursery.local.", "nursery.local"),
        ("192.168.1.5", "192.168.1.5"),
        ("[FD00:0::5]:8080", "fd00::5"),
        ("[fe80::1%eth0]:8080", "fe80::1"),
        ("", ""),
        ("host:port", ""),
        ("host:99999", ""),
        ("user@host", ""),
        ("host/path", ""),
        ("host?x", ""),
        ("[::1", ""),
        ("nursery .", ""),
    ],
)
def test_the_host_of_an_authority(authority: str, host: str) -> None:
    """In one spelling; what is no authority has none."""
    assert host_of(authority) == host


@pytest.mark.parametrize(
    "host",
    [
        *("192.168.1.5", "fd00::5", "127.0.0.1", "127.8.8.8", "::1", "localhost"),
        *("pantry", "pantry.local", "pantry.fritz.box"),
        *("homeassistant.local", "homeassistant", "earshot.home", "2001:db8::7"),
    ],
)
def test_what_is_ours(host: str) -> None:
    """Addresses of the machine, what it is called, and what the owner added."""
    assert Machine().names.includes(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "192.168.1.6", "localhost.evil.example"),
        *("pantry.local.evil.example", "0.0.0.0", "pantry.evil.example"),
    ],
)
def test_what_is_not_ours(host: str) -> None:
    """Names that anybody can make point here, and neighbours."""
    assert not Machine().names.includes(host)


def test_the_address_where_a_request_arrived_is_ours() -> None:
    """A container knows no other."""
    names = Machine().names
    assert names.includes("172.17.0.2", arrived_at="172.17.0.2")
    assert not names.includes("172.17.0.3", arrived_at="172.17.0.2")


def test_a_new_address_is_known_after_a_while() -> None:
    """The router gave another one."""
    machine = Machine()
    assert machine.names.includes("192.168.1.5")
    machine.addresses = {"192.168.1.99"}
    assert not machine.names.includes("192.168.1.99")
    machine.now += FRESH_S
    assert machine.names.includes("192.168.1.99")
    assert not machine.names.includes("192.168.1.5")


def test_a_page_of_this_machine_is_ours_on_any_port() -> None:
    """Home Assistant's dashboard, with cards on it."""
    names = Machine().names
    for origin in (
        "http://pantry.local:8123",
        "https://192.168.1.5",
        "http://localhost",
    ):
        assert names.owns(origin)
    for origin in ("null", "", "http://evil.example", "file://", "ftp://pantry.local"):
        assert not names.owns(origin)
