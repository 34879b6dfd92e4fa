"""The names and addresses of certificates."""

from pathlib import Path

import pytest

from relay.tls.names import Names, covers, names_of, usual
from tests.tls.house_keys import put_foreign


def test_a_machine_has_names_and_addresses() -> None:
    """Its host name with and without domain, mDNS's, Home Assistant's, and what was configured."""
    names = Names.of(["192.168.1.5", "FD00:0::5"], "Pi.fritz.box", ["Ear.example.org."])
    assert names.present == {
        "192.168.1.5",
        "fd00::5",
        "pi.fritz.box",
        "pi",
        "pi.local",
        "homeassistant",
        "homeassistant.local",
    }
    assert names.configured == {"ear.example.org"}
    assert names.all == names.present | names.configured


def test_what_no_certificate_can_hold_is_left_out() -> None:
    """Nor is the machine's name for itself one by which others ask for it."""
    names = Names.of(["127.0.0.1"], "küche", ["two words", "localhost", "::1", ""])
    assert names.all == {"homeassistant", "homeassistant.local"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HomeAssistant.local.", "homeassistant.local"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
    ],
)
def test_one_spelling(written: str, expected: str) -> None:
    """So that equal names are equal text."""
    assert usual(written) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ear.example.org", True),
        ("EAR.example.org", True),
        ("other.example.org", False),
        ("kitchen.house.example", True),
        ("house.example", False),
        ("a.kitchen.house.example", False),
        ("192.168.1.5", True),
        ("192.168.1.50", False),
        ("fd00::5", True),
        ("[fd00:0:0::5]", True),
        ("", False),
    ],
)
def test_what_a_certificate_covers(tmp_path: Path, host: str, expected: bool) -> None:
    """A star stands for one label and for no address."""
    certificate = put_foreign(
        tmp_path, "ear.example.org", "*.house.example", "192.168.1.5", "fd00::5"
    )
    assert len(names_of(certificate)) == 4
    assert covers(certificate, host) is expected
