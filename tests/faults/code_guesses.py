"""S5: somebody at home guesses a pairing code, from as many addresses as there are."""

import asyncio
import random
import time
from collections import Counter

from bench.place import Place
from tests.e2e.api import Api, admin_token, bearing
from tests.faults.lan import Lan, lan
from tests.faults.row import Figure, Row

TRIES = 5
GUESSERS = 30
FIRST_MACHINE = 20


async def guess(seconds: float) -> Row:
    """Guess while one code after the other is open, and then at full speed."""
    async with (
        lan("--access=paired") as home,
        bearing(await admin_token(home.relay), home.relay.place) as owner,
    ):
        api = Api(home.relay, owner)
        machines = [home.machine(FIRST_MACHINE + n) for n in range(GUESSERS)]
        tries, too_late = await _tries_of_a_code(home, api, machines)
        guesses = await _storm(home, api, machines, seconds)
        waited_s = await _time_of_an_owner(home, api)
    return Row(
        "S5",
        f"a pairing code is guessed from {GUESSERS} addresses",
        (
            Figure("tries until a code is void", tries, limit=TRIES, stretch=TRIES),
            Figure("let in by a void code", too_late, limit=0, stretch=0),
            Figure(f"let in of a storm of {seconds:g} s", guesses[200], limit=0),
            Figure("guesses of the storm", guesses.total()),
            Figure("of them turned away unread", guesses[429]),
            Figure("a device with the right code is in after", waited_s, "s"),
        ),
    )


async def _tries_of_a_code(
    home: Lan, api: Api, machines: list[Place]
) -> tuple[int, int]:
    """Return how many wrong codes an open one survives, and whether it is good after them."""
    code = await _new_code(api)
    tries = 0
    while (await api.ask("GET", "/api/devices"))["code_open"]:
        assert await _try(home, machines[tries], _other_than(code)) == 403
        tries += 1
    return tries, await _try(home, machines[tries], code) == 200


async def _storm(
    home: Lan, api: Api, machines: list[Place], seconds: float
) -> Counter[int]:
    """Have everybody guess as fast as it is answered; a new code is shown meanwhile."""
    guesses: Counter[int] = Counter()
    code = await _new_code(api)
    until = time.monotonic() + seconds

    async def rage(machine: Place) -> None:
        while time.monotonic() < until:
            guesses[await _try(home, machine, _other_than(code))] += 1

    await asyncio.gather(*map(rage, machines))
    return guesses


async def _time_of_an_owner(home: Lan, api: Api) -> float:
    """Return how long somebody new takes with the right code, once the storm is over."""
    code = await _new_code(api)
    began = time.monotonic()
    assert await _try(home, home.guest, code) == 200, "a right code lets in"
    return time.monotonic() - began


async def _new_code(api: Api) -> str:
    code: str = (await api.ask("POST", "/api/pairing", {}))["code"]
    return code


async def _try(home: Lan, machine: Place, code: str) -> int:
    """Show a code; return the status of the answer."""
    body = {"code": code, "name": "Guesser"}
    async with (
        machine.session() as session,
        session.post(f"{home.url('signaling')}/api/pair", json=body) as answer,
    ):
        return answer.status


def _other_than(code: str) -> str:
    """Return a wrong code: by luck alone one in a million is right."""
    return f"{(int(code) + random.randrange(1, 10**6)) % 10**6:06}"
