"""The certificate from the own authority, as new as it has to be."""

from pathlib import Path

import pytest

from relay.tls.authority import Authority
from relay.tls.names import LOOPBACK, Names
from relay.tls.own_certificate import OwnCertificate
from tests.tls.house_keys import DAY, HOUSE, TODAY

YEAR = 365 * DAY


@pytest.fixture
def own(tmp_path: Path) -> OwnCertificate:
    return OwnCertificate(tmp_path, lambda: "pi")


def authority_of(own: OwnCertificate) -> Authority:
    assert own.authority is not None
    return own.authority


def test_it_is_for_all_names(own: OwnCertificate) -> None:
    """And for this machine itself."""
    found = own.look(HOUSE, TODAY)
    assert set(found.names) == HOUSE.all | LOOPBACK
    assert own.problem is None


def test_it_stays_while_nothing_changes(own: OwnCertificate, tmp_path: Path) -> None:
    """Over a restart too."""
    first = own.look(HOUSE, TODAY)
    assert own.look(HOUSE, TODAY + DAY) is first
    again = OwnCertificate(tmp_path, lambda: "pi").look(HOUSE, TODAY + DAY)
    assert again.certificate == first.certificate


def test_another_address_makes_another_certificate(own: OwnCertificate) -> None:
    """From the same authority, so that no device has to be asked again."""
    first = own.look(HOUSE, TODAY)
    authority = authority_of(own).certificate
    moved = Names.of(["192.168.7.9"], "pi", ["earshot.example.org"])
    second = own.look(moved, TODAY)
    assert second.covers("192.168.7.9")
    assert not second.covers("192.168.1.5")
    assert second.certificate != first.certificate
    assert authority_of(own).certificate == authority


@pytest.mark.parametrize(("left", "renewed"), [(31, False), (30, True), (-5, True)])
def test_it_is_renewed_in_time(own: OwnCertificate, left: int, renewed: bool) -> None:
    """Thirty days before its end; and after it, if the machine was off."""
    first = own.look(HOUSE, TODAY)
    second = own.look(HOUSE, first.valid_until - left * DAY)
    assert (second is not first) is renewed


def test_a_clock_that_is_late_costs_no_trust(
    own: OwnCertificate, tmp_path: Path
) -> None:
    """A machine without a battery may start in the wrong year, for a minute."""
    own.look(HOUSE, TODAY)
    authority = authority_of(own).certificate
    again = OwnCertificate(tmp_path, lambda: "pi")
    again.look(HOUSE, TODAY - 20 * YEAR)
    assert again.problem is not None
    assert "clock" in again.problem
    found = again.look(HOUSE, TODAY)
    assert again.problem is None
    assert found.is_valid(TODAY)
    assert authority_of(again).certificate == authority


def test_an_authority_of_the_wrong_year_is_soon_replaced(own: OwnCertificate) -> None:
    """If that was the first start: nobody has trusted it yet."""
    own.look(HOUSE, TODAY - 20 * YEAR)
    found = own.look(HOUSE, TODAY)
    assert found.is_valid(TODAY)
    assert authority_of(own).certificate.not_valid_before_utc == TODAY - DAY
    assert own.problem is None


def test_nobody_else_reads_the_keys(own: OwnCertificate, tmp_path: Path) -> None:
    """Also after their modes were changed."""
    own.look(HOUSE, TODAY)
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} == {"authority.pem", "server.pem"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    for file in files:
        file.chmod(0o644)
    OwnCertificate(tmp_path, lambda: "pi").look(HOUSE, TODAY)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_public_address_is_left_out(own: OwnCertificate) -> None:
    """With it no name of the certificate would be believed."""
    names = Names.of(["192.168.1.5", "2001:db8::5"], "pi")
    found = own.look(names, TODAY)
    assert found.covers("192.168.1.5")
    assert not found.covers("2001:db8::5")
    assert own.problem is None


def test_a_name_that_came_later_is_told(own: OwnCertificate) -> None:
    """The authority may not vouch for it, and a new one would have to be trusted anew."""
    own.look(HOUSE, TODAY)
    authority = authority_of(own).certificate
    later = Names.of(["192.168.1.5"], "pi", ["new.example.org"])
    found = own.look(later, TODAY)
    assert not found.covers("new.example.org")
    assert found.covers("192.168.1.5")
    assert authority_of(own).certificate == authority
    assert own.problem is not None
    assert "new.example.org" in own.problem


def test_the_last_year_of_the_authority_is_told(own: OwnCertificate) -> None:
    """Then it is replaced before something that it signed outlives it."""
    own.look(HOUSE, TODAY)
    authority = authority_of(own).certificate
    ends = authority.not_valid_after_utc
    own.look(HOUSE, ends - 364 * DAY)
    assert own.problem is not None
    assert f"{ends - 90 * DAY:%Y-%m-%d}" in own.problem
    assert authority_of(own).certificate == authority
    own.look(HOUSE, ends - 89 * DAY)
    assert authority_of(own).certificate != authority


def test_the_next_authority_is_there_a_year_before(
    own: OwnCertificate, tmp_path: Path
) -> None:
    """A device that trusts both notices nothing, and over restarts they are the same two."""
    own.look(HOUSE, TODAY)
    assert own.next is None
    authority = authority_of(own)
    ends = authority.certificate.not_valid_after_utc
    before = own.look(HOUSE, ends - 364 * DAY)
    assert own.next is not None
    after = own.next.certificate
    assert authority.has_signed(before.certificate)
    again = OwnCertificate(tmp_path, lambda: "pi")
    again.look(HOUSE, ends - 100 * DAY)
    assert again.next is not None
    assert again.next.certificate == after
    found = again.look(HOUSE, ends - 90 * DAY)
    assert authority_of(again).certificate == after
    assert authority_of(again).has_signed(found.certificate)
    assert again.next is None
    assert Authority.load(tmp_path / "authority.pem").certificate == after
    assert {file.name for file in tmp_path.iterdir()} == {"authority.pem", "server.pem"}


def test_one_that_is_asked_for_is_for_the_names_of_now(own: OwnCertificate) -> None:
    """It signs nothing until it takes over."""
    own.look(HOUSE, TODAY)
    authority = authority_of(own)
    later = Names.of(["192.168.1.5"], "pi", ["new.example.org"])
    own.prepare(later, TODAY)
    assert authority.has_signed(own.look(later, TODAY).certificate)
    own.switch()
    found = own.look(later, TODAY)
    assert found.covers("new.example.org")
    assert not authority.has_signed(found.certificate)
    assert own.problem is None


def test_a_next_authority_that_is_too_old_is_not_taken(own: OwnCertificate) -> None:
    """A machine that was off for years makes a new one."""
    own.look(HOUSE, TODAY)
    own.prepare(HOUSE, TODAY)
    found = own.look(HOUSE, TODAY + 20 * YEAR)
    assert found.is_valid(TODAY + 20 * YEAR)
    assert not authority_of(own).has_ended(TODAY + 20 * YEAR)


@pytest.mark.parametrize("file", ["authority.pem", "server.pem"])
def test_a_broken_file_is_replaced(
    own: OwnCertificate, tmp_path: Path, file: str
) -> None:
    """Garbage in the data folder does not keep the server from starting."""
    own.look(HOUSE, TODAY)
    (tmp_path / file).write_text("garbage")
    again = OwnCertificate(tmp_path, lambda: "pi")
    found = again.look(HOUSE, TODAY)
    assert authority_of(again).has_signed(found.certificate)
