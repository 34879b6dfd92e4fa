"""Tests of relay/web/home_network.py: who is at home, also behind a proxy."""

import pytest

from relay.errors import SettingsError
from relay.settings import AccessSettings
from relay.web.home_network import HomeNetwork, address_of, networks_of

AT_HOME = [
    *("192.168.1.7", "10.9.8.7", "172.31.0.1", "127.0.0.1", "169.254.3.4"),
    *("fd12::1", "fe80::1%eth0", "::1", "::ffff:192.168.1.7"),
]
AWAY = ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "100.64.0.1"]


@pytest.mark.parametrize("text", AT_HOME)
def test_private_addresses_are_the_home(text: str) -> None:
    assert HomeNetwork().includes(address_of(text))


@pytest.mark.parametrize("text", [*AWAY, "", "home", None])
def test_all_others_are_not(text: str | None) -> None:
    assert not HomeNetwork().includes(address_of(text))


def test_an_option_adds_networks() -> None:
    """A VPN, say."""
    home = HomeNetwork(networks_of(["100.64.0.0/10", "2001:db8::1"], "x"))
    assert home.includes(address_of("100.64.0.1"))
    assert home.includes(address_of("2001:db8::1"))
    assert not home.includes(address_of("2001:db8::2"))


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match=r"allowed_networks: '300\.1\.1\.1'"):
        networks_of(["300.1.1.1"], "allowed_networks")


@pytest.mark.parametrize(
    ("remote", "noted", "client"),
    [
        ("192.168.1.2", "8.8.8.8", "192.168.1.2"),  # a client that lies
        ("192.168.1.9", "192.168.1.3", "192.168.1.3"),
        (
            "192.168.1.9",
            "10.0.0.1, 8.8.8.8",
            "8.8.8.8",
        ),  # the first is the client's own
        ("192.168.1.9", "192.168.1.3, 192.168.1.9", "192.168.1.3"),
        ("192.168.1.9", "somebody", "None"),
    ],
)
def test_only_proxies_are_believed(remote: str, noted: str, client: str) -> None:
    """The last address that is no proxy counts."""
    home = HomeNetwork(proxies=networks_of(["192.168.1.9"], "x"))
    assert str(home.client(remote, {"X-Forwarded-For": noted})) == client
    assert str(home.client(remote, {})) == remote


def test_the_options_say_what_belongs_to_it() -> None:
    """Networks beside the private ones, and reverse proxies."""
    settings = AccessSettings(
        allowed_networks=("100.64.0.0/10",), trusted_proxies=("10.0.0.9",)
    )
    home = HomeNetwork.of(settings)
    assert home.includes(address_of("100.64.0.1"))
    assert home.is_proxy(address_of("10.0.0.9"))
    assert not home.is_proxy(address_of("10.0.0.8"))
