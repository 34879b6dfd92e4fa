"""How the process is told to end: SIGTERM or SIGINT, and what if it does not."""

import asyncio
import os
import signal
import threading

SECONDS = 1.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
WATCHDOG_S = 8 * SECONDS


def stop_signal() -> asyncio.Event:
    """
    Return an event that SIGTERM and SIGINT set.

    A second signal ends the process at once, and so does a shutdown that hangs.
    """
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()

    def tell() -> None:
        if told_to_stop.is_set():
            os._exit(1)
        told_to_stop.set()
        watchdog = threading.Timer(WATCHDOG_S, os._exit, [1])
        watchdog.daemon = True
        watchdog.start()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, tell)
    return told_to_stop
