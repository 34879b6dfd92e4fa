"""A receiver hears its stream, from the first packet to the end."""

from relay.webrtc.peer import PeerState
from tests.webrtc.studio import Studio, until


async def test_what_is_said_is_heard(studio: Studio) -> None:
    """A packet's payload arrives as it was sent, at every receiver."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ears = [await studio.ear(mouth.stream) for _ in range(3)]
    await mouth.say(20)
    for ear in ears:
        assert [p.payload for p in ear.packets()][-20:] == mouth.said[-20:]


async def test_a_hole_stays_a_hole(studio: Studio) -> None:
    """Lost packets are not hidden: the receiver's own concealment knows best."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(10, lost=(3, 4))
    numbers = [p.sequence for p in ear.packets()][-8:]
    assert [n - numbers[0] for n in numbers] == [0, 1, 2, 5, 6, 7, 8, 9]


async def test_a_sender_that_changes_its_ssrc_is_heard_on(studio: Studio) -> None:
    """The receiver's numbers go on by one when a browser restarts its track."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(3)
    mouth.ssrc, mouth.sequence, mouth.timestamp = 5, 9, 9
    await mouth.say(3)
    packets = ear.packets()[-6:]
    assert [p.payload for p in packets] == mouth.said[-6:]
    assert [p.sequence - packets[0].sequence for p in packets] == list(range(6))
    assert len({p.ssrc for p in packets}) == 1


async def test_a_receiver_moves_without_a_new_negotiation(studio: Studio) -> None:
    """The same peer hears another stream, its numbers going on."""
    one, two = await studio.mouth(), await studio.mouth()
    two.ssrc = 88
    await one.say(1)
    await two.say(1)
    ear = await studio.ear(one.stream)
    await one.say(2)
    ear.peer.move_to(two.stream)
    await one.say(2)
    await two.say(2)
    packets = ear.packets()
    assert [p.payload for p in packets][-2:] == two.said[-2:]
    assert one.said[-1] not in [p.payload for p in packets]
    numbers = [p.sequence for p in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert (one.stream.receivers, two.stream.receivers) == (0, 1)


async def test_a_stream_that_ended_meanwhile_closes_its_newcomer(
    studio: Studio,
) -> None:
    """Between the offer and the keys the stream may end; the receiver is told why."""
    mouth = await studio.mouth()
    await mouth.say(1)
    client = studio.client()
    states: list[tuple[PeerState, str]] = []
    peer = studio.endpoint.receiver_peer(mouth.stream, lambda *s: states.append(s))
    answer = client.answer(peer.offer())
    studio.relay.end(mouth.stream, "stopped")
    await peer.accept(answer)
    await until(lambda: states == [(PeerState.CLOSED, "stream_ended")])
