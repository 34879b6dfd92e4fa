"""Every row of the fault sheet, by its id: what to do, and to what."""

import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.e2e.relay_process import RelayProcess
from tests.faults import (
    bad_messages,
    half_open,
    http_listeners,
    mp3_crowd,
    slow_client,
)
from tests.faults.bad_datagrams import bombard
from tests.faults.busy_machine import share_the_machine
from tests.faults.canaries import tell_secrets
from tests.faults.certificate_changes import change
from tests.faults.churn import churn
from tests.faults.closing import interrupt_closes
from tests.faults.code_guesses import guess
from tests.faults.container import contain
from tests.faults.cross_site import cross_site
from tests.faults.fd_exhaustion import exhaust
from tests.faults.full_disk import fill_the_disk
from tests.faults.fuzzing import fuzz
from tests.faults.hijack import hijack
from tests.faults.history_away import take_history_away
from tests.faults.ingress import forge
from tests.faults.join_leave import join_and_leave
from tests.faults.killed_history import kill
from tests.faults.network_rows import NETWORK, NETWORK_LONG
from tests.faults.newcomer import arrive
from tests.faults.restart import restart
from tests.faults.row import Row
from tests.faults.shutdown import end_while_streaming
from tests.faults.slowloris import slowloris
from tests.faults.stale_address import replay
from tests.faults.storm import storm
from tests.faults.stranger_page import intrude
from tests.faults.third_hosts import aim
from tests.faults.vanish import vanish

Fault = Callable[[], Awaitable[Row]]


def on_a_server(do: Callable[[RelayProcess], Awaitable[Row]], *options: str) -> Fault:
    """Have something done to a fresh server; that it ends well is part of it."""

    async def fault() -> Row:
        with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
            relay = await RelayProcess.start(Path(folder), *options)
            try:
                row = await do(relay)
                await relay.stop()
            finally:
                await relay.kill()
        return row

    return fault


def visitors(minutes: float, seed: int) -> Fault:
    """Return the row `churn`; what is free goes back to the system twice a minute meanwhile."""
    return on_a_server(
        lambda relay: churn(relay, minutes * 60, seed), "--cleanup-interval=30"
    )


MALICE: dict[str, Fault] = {
    "F14": on_a_server(bad_messages.nonsense, *bad_messages.OPTIONS),
    "F15": lambda: fuzz(5),
    "F16": on_a_server(lambda relay: bombard(relay, 100_000)),
    "F19": on_a_server(lambda relay: exhaust(relay, 10)),
    "S1": hijack,
    "S2": cross_site,
    "S3": forge,
    "S4": on_a_server(replay, "--access=paired"),
    "S5": lambda: guess(20),
    "S6": intrude,
    "S7": aim,
    "S8": tell_secrets,
    "S9": change,
    "S10": contain,
    "U1": arrive,
}
"""What strangers do on purpose, and that whoever belongs here is let in easily."""

FAULTS: dict[str, Fault] = {
    "F1": on_a_server(lambda relay: join_and_leave(relay, 1000)),
    "F2": on_a_server(lambda relay: vanish(relay, 200)),
    "F3": on_a_server(lambda r: http_listeners.come_and_go(r, 500, watch_s=60)),
    "F4": on_a_server(http_listeners.stop_reading),
    "F5": on_a_server(slow_client.stop_reading),
    "F11": on_a_server(half_open.no_way),
    "F12": on_a_server(half_open.no_dtls),
    "F13": lambda: interrupt_closes(1000),
    "F17": lambda: slowloris(1000, seconds=20),
    "F18": on_a_server(lambda r: storm(r, 500, 20), "--trusted-proxies=127.0.0.1"),
    "F20": lambda: fill_the_disk(30),
    "F21": lambda: kill(100, relays=10),
    "F22": on_a_server(lambda relay: end_while_streaming(relay, signal.SIGTERM)),
    "F23": on_a_server(lambda relay: restart(relay, 20)),
    "F24": lambda: take_history_away(paused_s=60, slow_s=20),
    "F27": on_a_server(lambda relay: share_the_machine(relay, 30)),
    "F28": on_a_server(mp3_crowd.grow),
    **NETWORK,
    **MALICE,
}
"""What `make faults` does."""

LONG: dict[str, Fault] = {
    "F1": on_a_server(lambda relay: join_and_leave(relay, 10_000)),
    "F15": lambda: fuzz(600),
    "churn": visitors(minutes=10, seed=1),
    **NETWORK_LONG,
}
"""What ``--long`` does instead, or as well."""

ROWS = sorted(FAULTS | LONG)
"""The ids of all there are."""
