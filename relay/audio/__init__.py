"""Sound as pure functions and small state machines, on numpy and PyAV: mono, 16 bit, 48 kHz."""
