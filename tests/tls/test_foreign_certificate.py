"""A certificate that somebody else renews."""

from pathlib import Path

import pytest

from relay.tls.foreign_certificate import ForeignCertificate
from tests.tls.house_keys import DAY, HOUSE, TODAY, put_foreign

NAME = "earshot.example.org"


@pytest.fixture
def foreign(tmp_path: Path) -> ForeignCertificate:
    return ForeignCertificate(tmp_path / "house.pem", tmp_path / "house.key")


def test_none_is_no_problem(foreign: ForeignCertificate) -> None:
    """Most houses have none."""
    assert foreign.look(HOUSE, TODAY) is None
    assert foreign.problem is None


def test_one_that_names_this_machine_is_used(
    foreign: ForeignCertificate, tmp_path: Path
) -> None:
    """And read once, as long as the files are the same."""
    certificate = put_foreign(tmp_path, NAME)
    found = foreign.look(HOUSE, TODAY)
    assert found is not None
    assert found.certificate == certificate
    assert foreign.problem is None
    assert foreign.look(HOUSE, TODAY) is found


def test_a_renewed_one_is_taken_over(
    foreign: ForeignCertificate, tmp_path: Path
) -> None:
    put_foreign(tmp_path, NAME)
    foreign.look(HOUSE, TODAY)
    renewed = put_foreign(tmp_path, NAME)
    found = foreign.look(HOUSE, TODAY)
    assert found is not None
    assert found.certificate == renewed


def test_one_for_others_is_not_used(
    foreign: ForeignCertificate, tmp_path: Path
) -> None:
    """And it is told for whom it is, and what could be done."""
    put_foreign(tmp_path, "somebody.example")
    assert foreign.look(HOUSE, TODAY) is None
    assert foreign.problem is not None
    assert "somebody.example" in foreign.problem
    assert "host_names" in foreign.problem


@pytest.mark.parametrize("days", [-60, 60])
def test_one_that_is_not_valid_today_is_not_used(
    foreign: ForeignCertificate, tmp_path: Path, days: int
) -> None:
    since, until = TODAY + days * DAY, TODAY + (days + 30) * DAY
    put_foreign(tmp_path, NAME, since=since, until=until)
    assert foreign.look(HOUSE, TODAY) is None
    assert foreign.problem is not None
    assert "not valid today" in foreign.problem


def test_a_renewed_key_that_cannot_be_read(
    foreign: ForeignCertificate, tmp_path: Path
) -> None:
    """
    Is told, and the old one stays in use.

    A folder in its place is as unreadable as a file of root's, for root too.
    """
    put_foreign(tmp_path, NAME)
    before = foreign.look(HOUSE, TODAY)
    put_foreign(tmp_path, NAME)
    key = tmp_path / "house.key"
    content = key.read_bytes()
    key.unlink()
    key.mkdir()
    assert foreign.look(HOUSE, TODAY) is before
    assert foreign.problem is not None
    assert "house.key" in foreign.problem
    assert "cannot be read" in foreign.problem
    key.rmdir()
    key.write_bytes(content)
    after = foreign.look(HOUSE, TODAY)
    assert after is not None
    assert after is not before
    assert foreign.problem is None


@pytest.mark.parametrize("file", ["house.pem", "house.key"])
def test_a_renewal_that_is_half_done(
    foreign: ForeignCertificate, tmp_path: Path, file: str
) -> None:
    """The old one stays until both files fit."""
    put_foreign(tmp_path, NAME)
    before = foreign.look(HOUSE, TODAY)
    old = {name: (tmp_path / name).read_bytes() for name in ("house.pem", "house.key")}
    put_foreign(tmp_path, NAME)
    new = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(old[file])
    assert foreign.look(HOUSE, TODAY) is before
    assert foreign.problem is not None
    (tmp_path / file).write_bytes(new)
    assert foreign.look(HOUSE, TODAY) is not before
    assert foreign.problem is None


def test_files_that_are_gone(foreign: ForeignCertificate, tmp_path: Path) -> None:
    """What was read stays in use until its end."""
    put_foreign(tmp_path, NAME)
    before = foreign.look(HOUSE, TODAY)
    (tmp_path / "house.pem").unlink()
    assert foreign.look(HOUSE, TODAY) is before
    assert foreign.problem is not None
    assert "is gone" in foreign.problem
    assert foreign.look(HOUSE, TODAY + 60 * DAY) is None
    assert foreign.problem is not None
    assert "has expired" in foreign.problem
