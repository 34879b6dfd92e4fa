"""Every number that the parts of the server keep."""

import re
from pathlib import Path

import pytest

from relay.consumers.history import History
from relay.errors import ProtocolError
from relay.web import readings
from tests.adapters.house import MqttHouse
from tests.web.fake_history import FakeHistoryStore
from tests.web.house import House
from tests.web.tables import check_table

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_error_types() -> None:
    """The label of errors has every code that the protocol names, and one for our own start."""
    errors = PROTOCOL.read_text().split("## Errors")[1].split("\n## ")[0]
    documented = set()
    for cell in re.findall(r"^\| (`[^|]*`) \|", errors, re.MULTILINE):
        documented |= set(re.findall(r"`(\w+)`", cell))
    assert set(readings.error_types()) == documented | {"settings_error"}
    assert ProtocolError.code in readings.error_types()


async def test_of_the_real_parts(house: House) -> None:
    """The names by which numbers are asked for are those that the real parts use."""
    check_table(
        [
            *readings.of_connections(house.lobby, house.health),
            *readings.of_roll(house.roll),
            *readings.of_streams(house.relay),
            *readings.of_housekeeping(house.housekeeping),
            *readings.of_sources(house.sources),
            *readings.of_mqtt(MqttHouse(None).mqtt),
            *readings.of_history(History(FakeHistoryStore(), house.events)),
        ]
    )
    summary = readings.summary(house.health, house.lobby, house.relay, house.endpoint)
    assert summary()["total_audio_bytes"] == 0


@pytest.mark.parametrize("labelled", [True, False])
async def test_labels(house: House, labelled: bool) -> None:
    """A reading with a label has a number for each of its values, one without has one number."""
    for reading in readings.of_connections(house.lobby, house.health):
        if (reading.label is not None) is labelled:
            assert isinstance(reading.read(), dict) is labelled, reading.name
