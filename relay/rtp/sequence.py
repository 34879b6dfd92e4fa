"""Numbers that wrap around, made to run on: RTP's 16-bit sequence and 32-bit timestamp."""

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32


def unwrap(value: int, near: int, bits: int) -> int:
    """
    Return the number closest to ``near`` that looks like ``value`` in ``bits`` bits.

    Of two that are equally close the smaller one. The result may be negative:
    what came before the first number seen has to be somewhere.
    """
    modulus = 1 << bits
    half = modulus >> 1
    return near + (value - near + half) % modulus - half


def unwrap_sequence(value: int, near: int) -> int:
    """Extend a sequence number (RFC 3550, appendix A.1)."""
    return unwrap(value, near, SEQUENCE_BITS)


def unwrap_timestamp(value: int, near: int) -> int:
    """Extend an RTP timestamp; a backward jump stays one, it is not taken for a wrap."""
    return unwrap(value, near, TIMESTAMP_BITS)
