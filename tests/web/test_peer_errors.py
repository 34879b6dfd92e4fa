"""Tests of relay/web/peer_errors.py: every end has words."""

from relay.errors import NegotiationTimeout, PeerFailed
from relay.web.peer_errors import error_for


def test_a_reason_of_its_own() -> None:
    error = error_for("negotiation_timeout")
    assert isinstance(error, NegotiationTimeout)
    assert "UDP" in str(error)


def test_any_other_reason() -> None:
    """Nobody is left without an answer."""
    assert isinstance(error_for("consent_expired"), PeerFailed)
