"""Tests of relay/web/guest.py: a visitor as the house knows it."""

import pytest

from relay.web.guest import MAX_NAME, Guest
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.trust import AT_HOME, Role, Trust, Visitor
from tests.web.guests import at_home, of_home_assistant, paired


def test_names() -> None:
    """The device's or the user's own name, else its kind, else its address."""
    assert paired("Kitchen tablet").name == "Kitchen tablet"
    assert of_home_assistant("Anna").name == "Anna"
    assert at_home(kind="iPhone").name == "iPhone"
    assert at_home().name == "192.168.1.20"


def test_a_name_is_one_short_line() -> None:
    """Whatever somebody put into it, it can be shown and logged."""
    name = paired("a\nb\x1b[31m" + "c" * 200).name
    assert name.startswith("a b [31mc")
    assert len(name) == MAX_NAME


def test_one_device_has_one_key() -> None:
    """Wherever it comes from, if it has a name of its own; by its address otherwise."""
    tablet = paired("Tablet", address="192.168.1.5")
    assert tablet.key == paired("Tablet", address="192.168.1.6").key
    assert at_home("192.168.1.5", "VLC").key == at_home("192.168.1.5", "iPhone").key
    keys = {tablet.key, at_home().key, of_home_assistant("Anna").key}
    assert len(keys | {of_home_assistant("Bert").key}) == 4


def test_what_limits_count_by() -> None:
    """An address, or a user of Home Assistant, who all share the Supervisor's."""
    assert at_home().counted_as == "address 192.168.1.20"
    assert paired("Tablet", address="192.168.1.5").counted_as == "address 192.168.1.5"
    assert of_home_assistant("Anna").counted_as == "user Anna"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "192.168.1.9", "?"])
def test_who_shares_an_address_counts_in_total_alone(address: str) -> None:
    """This machine, a proxy that does not say for whom it asks, and who has no address."""
    network = HomeNetwork(proxies=networks_of(["192.168.1.9"], "trusted_proxies"))
    visitor = Visitor(Trust.LAN, address, AT_HOME)
    assert Guest.known_as(visitor, network=network).counted_as is None


def test_roles() -> None:
    """Admins may do all."""
    listener = paired("Speaker", frozenset({Role.LISTEN}))
    assert listener.may(Role.LISTEN)
    assert not listener.may(Role.SPEAK)
    assert not listener.admin
    assert of_home_assistant("Anna").admin
    assert paired("Phone", frozenset({Role.ADMIN})).may(Role.SPEAK)
