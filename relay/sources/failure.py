"""Why a source does not play, in words that hold no address and no secret."""

import av


class SourceFailed(Exception):
    """A source cannot be opened or goes on no longer; ``str()`` is for the owner."""


class SourceEnded(SourceFailed):
    """There is no more of it; for what was sent to us that is no fault."""


# By libavutil's names of errors; its own texts are for programmers.
_WORDS: dict[type[BaseException], str] = {
    av.error.InvalidDataError: "its bytes are no sound that is known here",
    av.error.ArgumentError: "its bytes are no sound that is known here",
    av.error.EOFError: "it ended before there was any sound",
    av.error.ExitError: "it did not answer in time",
    av.error.HTTPUnauthorizedError: "it asks for another name or password",
    av.error.HTTPForbiddenError: "it refuses us (403)",
    av.error.HTTPNotFoundError: "there is nothing at this address (404)",
    TimeoutError: "nothing came for too long",
    ConnectionRefusedError: "nobody listens at this address",
}


def in_words(error: BaseException) -> str:
    """Say what went wrong. An error of libav's would name the address with its password."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    return getattr(error, "strerror", None) or "it cannot be opened"
