"""Why a source does not play, in words for its owner."""

import av
import pytest

from relay.sources.failure import in_words


def test_an_address_never_comes_along() -> None:
    """The library's own text names it, with the password."""
    with pytest.raises(OSError, match="secret") as failed:
        av.open("http://me:secret@127.0.0.1:1/", timeout=5.0)
    assert in_words(failed.value) == "nobody listens at this address"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (av.error.InvalidDataError(1, ""), "its bytes are no sound that is known here"),
        (av.error.ExitError(1, ""), "it did not answer in time"),
        (av.error.HTTPNotFoundError(1, ""), "there is nothing at this address (404)"),
        (TimeoutError("x"), "nothing came for too long"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (ValueError("secret"), "it cannot be opened"),
    ],
)
def test_every_error_has_words(error: BaseException, words: str) -> None:
    """The usual ones have their own, others those of the system."""
    assert in_words(error) == words
