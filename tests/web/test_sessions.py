"""Tokens open a place in which media waits for its client."""

import pytest

from relay.errors import SessionGone
from relay.web.sessions import Sessions


def test_a_token_leads_to_its_owner() -> None:
    """Only the newest token of an owner is good."""
    sessions = Sessions[str]()
    old = sessions.issue("phone")
    new = sessions.issue("phone")
    other = sessions.issue("tablet")
    assert sessions.owner(new) == "phone"
    assert sessions.owner(other) == "tablet"
    with pytest.raises(SessionGone):
        sessions.owner(old)


def test_nothing_is_kept_of_who_left() -> None:
    """A revoked token is forgotten, and revoking twice is harmless."""
    sessions = Sessions[str]()
    token = sessions.issue("phone")
    sessions.revoke("phone")
    sessions.revoke("phone")
    assert len(sessions) == 0
    with pytest.raises(SessionGone):
        sessions.owner(token)
