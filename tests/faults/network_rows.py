"""The rows of the fault sheet that need a bad network: each brings its own, and a server."""

from collections.abc import Awaitable, Callable

from tests.faults.bad_air import lose_one_percent, storm
from tests.faults.cable import pull
from tests.faults.new_numbers import begin_anew
from tests.faults.power_cut import cut_the_power
from tests.faults.roam import roam
from tests.faults.row import Row

CLEAN_S = 20.0

NETWORK: dict[str, Callable[[], Awaitable[Row]]] = {
    "F6": lambda: lose_one_percent(60, CLEAN_S),
    "F7": lambda: storm(60),
    "F8": lambda: pull((5, 30)),
    "F9": roam,
    "F10": cut_the_power,
    "F30": begin_anew,
}

NETWORK_LONG: dict[str, Callable[[], Awaitable[Row]]] = {
    "F6": lambda: lose_one_percent(600, CLEAN_S),
    "F8": lambda: pull((5, 30, 120)),
}
"""Instead, for those who have half an hour."""
