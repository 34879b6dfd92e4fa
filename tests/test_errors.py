"""Error codes are part of the protocol."""

from relay import errors


def test_every_error_has_a_code_of_its_own() -> None:
    """Two errors never share a code, so that clients can tell them apart."""
    classes = [
        c
        for c in vars(errors).values()
        if isinstance(c, type) and issubclass(c, errors.RelayError)
    ]
    codes = [c.code for c in classes]
    assert len(codes) == len(set(codes)) > 10
