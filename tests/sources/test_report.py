"""The states of a source are words of the API."""

from relay.sources.report import SourceState


def test_the_words_for_states() -> None:
    """Clients may compare them."""
    assert [state.value for state in SourceState] == [
        "idle",
        "connecting",
        "live",
        "failed",
    ]
