"""Tests of relay/adapters/mqtt_link.py; what it does with a real broker is in test_mqtt.py."""

import time

from relay.adapters.mqtt_link import GOODBYE_S, LinkState, MqttLink
from relay.adapters.mqtt_outbox import MqttMessage
from relay.adapters.mqtt_session import Broker, BrokerFailed, Wishes
from relay.sources.backoff import Backoff
from tests.adapters.mosquitto import HOST, PATIENCE_S, Mosquitto
from tests.adapters.silent_server import silent_server, until_no_thread
from tests.sound_room import until

WISHES = Wishes(MqttMessage("status", "offline"), ("asked/#",), lambda ip: True)


class Finder:
    """Fails as often as it is told, and then knows a broker."""

    def __init__(self, broker: Broker | None, *, failures: int = 0) -> None:
        self.asked = 0
        self._broker = broker
        self._failures = failures

    async def __call__(self) -> Broker | None:
        self.asked += 1
        if self.asked <= self._failures:
            raise BrokerFailed("nobody says where it is")
        return self._broker


def link_to(find: Finder) -> MqttLink:
    return MqttLink(
        find,
        WISHES,
        connected=lambda: None,
        heard=lambda *_: None,
        backoff=Backoff(first_s=0.01, longest_s=0.02),
    )


async def test_who_knows_the_broker_is_asked_each_time(broker: Mosquitto) -> None:
    """It may be elsewhere next time, or have another password."""
    find = Finder(broker.place, failures=2)
    async with link_to(find) as link:
        await until(lambda: link.state is LinkState.CONNECTED, PATIENCE_S)
        assert (find.asked, link.failures, link.connects) == (3, 2, 1)


async def test_a_mistake_of_ours_is_not_the_end(broker: Mosquitto) -> None:
    """The next attempt may go well."""
    find = Finder(broker.place)

    async def mistaken_once() -> Broker | None:
        if not find.asked:
            find.asked += 1
            raise ZeroDivisionError
        return await find()

    async with MqttLink(
        mistaken_once,
        WISHES,
        connected=lambda: None,
        heard=lambda *_: None,
        backoff=Backoff(first_s=0.01),
    ) as link:
        await until(lambda: link.state is LinkState.CONNECTED, PATIENCE_S)


async def test_nothing_is_kept_for_a_broker_that_is_not_there() -> None:
    """However much there is to say."""
    async with link_to(Finder(None)) as link:
        await until(lambda: link.state is LinkState.NO_BROKER, PATIENCE_S)
        for number in range(100):
            link.publish(MqttMessage(f"a{number}", "1"))
            link.publish(MqttMessage("event", "came", every=True))
        assert len(link.outbox) == 0
        assert link.outbox.dropped == 100
        assert link.sent == 0


async def test_an_end_in_the_middle_of_an_attempt_is_an_end() -> None:
    """A broker that says nothing does not hold it up."""
    async with silent_server() as port:
        async with link_to(Finder(Broker(HOST, port))) as link:
            await until(lambda: link.broker is not None, PATIENCE_S)
            before = time.monotonic()
        assert time.monotonic() - before < GOODBYE_S + PATIENCE_S / 4
        assert not link.alive
        await until_no_thread()
