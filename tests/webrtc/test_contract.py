"""The private names we use are checked before the first call."""

import pytest
from aiortc import rtcdtlstransport

from relay.errors import SettingsError
from relay.webrtc import contract


def test_the_pinned_versions_have_all_names() -> None:
    """With the locked dependencies the server starts."""
    assert contract.missing_names() == []
    contract.check()


def test_a_missing_name_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that differs is refused, and the message says which versions work."""
    monkeypatch.delattr(rtcdtlstransport.RTCDtlsTransport, "_set_role")
    with pytest.raises(SettingsError, match=r"_set_role.*aiortc 1\.16\.0"):
        contract.check()
