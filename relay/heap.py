"""Memory that the C library keeps for later, given back to the system now and then."""

import ctypes


def give_back_free_memory() -> bool:
    """
    Return freed pages to the system; return whether this C library can.

    Everybody who comes and goes leaves holes in the C heap, in libraries' memory rather than
    in Python's, and glibc gives back only what is free at its end. It takes about a
    millisecond. Other C libraries do it by themselves.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return False
    trim(ctypes.c_size_t(0))
    return True
