"""What was once found stays harmless: the corpus goes through all targets in every test run."""

import random
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz import house_targets, targets

TARGETS = targets.TARGETS | house_targets.TARGETS
SEEDS = sorted(path for path in command.CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize(
    "path", SEEDS, ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_a_seed_is_taken_as_it_is(path: Path) -> None:
    """Each file of the corpus is read without a surprise."""
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds_surprise_nobody(name: str) -> None:
    """Seeds with flipped, cut and doubled bytes are refused or read, never anything else."""
    chance = random.Random(name)
    seeds = [path.read_bytes() for path in SEEDS if path.parent.name == name]
    assert seeds, "every target has a corpus to begin with"
    for _ in range(300):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(3):
                case 0:
                    data[at : at + 1] = chance.randbytes(1)
                case 1:
                    del data[at : at + chance.randrange(8)]
                case _:
                    data[at:at] = data[at : at + chance.randrange(8)]
        TARGETS[name](bytes(data))


def test_the_command_knows_all_targets() -> None:
    """`make fuzz` leaves none out."""
    assert set(command.TARGETS) == set(TARGETS)
