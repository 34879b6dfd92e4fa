"""A stream hands its frames to whoever follows it, and to nobody else."""

import pytest

from relay.errors import StreamEnded
from relay.hub.stream import Stream, StreamState


async def test_a_frame_reaches_sinks_and_subscriptions() -> None:
    """One push reaches every sink and every subscription."""
    stream = Stream[int]("stream_1")
    heard: list[int] = []
    stream.attach(heard.append)
    with stream.subscribe(5) as one, stream.subscribe(5) as two:
        stream.push(1)
        stream.push(2)
        assert one.take() == two.take() == heard == [1, 2]
    assert stream.frames_pushed == 2


async def test_leaving_the_block_is_leaving_the_stream() -> None:
    """A subscription ends with its block, and its losses are kept in the stream's sum."""
    stream = Stream[int]("stream_1")
    with stream.subscribe(1) as subscription:
        stream.push(1)
        stream.push(2)
        assert stream.subscriptions == 1
    assert stream.subscriptions == 0
    assert subscription.closed
    assert stream.frames_dropped == 1
    assert not stream.demanded


async def test_an_onlooker_is_no_reason_to_make_frames() -> None:
    """It gets those that are made for others; who hears the past wants what follows, too."""
    stream = Stream[int]("stream_1")
    with stream.subscribe(5, demand=False) as onlooker:
        assert not stream.demanded
        with stream.subscribe(5):
            assert stream.demanded
            stream.push(1)
        assert not stream.demanded
        assert onlooker.take() == [1]
        stream.count_replays(1)
        assert stream.demanded
        assert stream.all_listeners == 1
        stream.count_replays(-1)
    assert not stream.demanded


async def test_what_is_kept_of_it_is_told_once() -> None:
    """How far back one may begin, and whether it is written to a file."""
    changes: list[None] = []
    stream = Stream[int]("stream_1", changed=lambda: changes.append(None))
    for _ in range(2):
        stream.set_lookback(300.0)
        stream.set_recorded(True)
    assert len(changes) == 2
    assert stream.topic == "stream_1"


async def test_detaching_twice_is_harmless() -> None:
    """The function that takes a sink off may be called again."""
    stream = Stream[int]("stream_1")
    heard: list[int] = []
    detach = stream.attach(heard.append)
    stream.attach(lambda _: None)
    detach()
    detach()
    stream.push(1)
    assert heard == []
    assert stream.demanded


async def test_an_ended_stream_takes_no_followers() -> None:
    """After the end nobody can attach or subscribe, and those present are let go."""
    stream = Stream[int]("stream_1")
    with stream.subscribe(1) as subscription:
        stream.set_state(StreamState.ENDED)
        assert subscription.closed
    with pytest.raises(StreamEnded):
        stream.attach(lambda _: None)
    with pytest.raises(StreamEnded), stream.subscribe(1):
        pass
    stream.set_state(StreamState.LIVE)
    assert stream.state is StreamState.ENDED


async def test_changes_are_told_once_and_never_after_the_end() -> None:
    """Mute and counts are told when they change; an ended stream tells nothing."""
    changes: list[str] = []
    stream = Stream[int]("stream_1", changed=lambda: changes.append("x"))
    stream.set_muted(True)
    stream.set_muted(True)
    stream.set_muted(True, gated=True)
    stream.count_receivers(1)
    stream.count_listeners(1)
    assert len(changes) == 4
    stream.set_state(StreamState.ENDED)
    stream.set_muted(False)
    assert len(changes) == 4


async def test_what_the_house_mutes_goes_out_as_something_else() -> None:
    """To everybody who follows it, until it is let through again; each change is told once."""
    changes: list[None] = []
    stream = Stream[int]("stream_1", changed=lambda: changes.append(None))
    heard: list[int] = []
    stream.attach(heard.append)
    with stream.subscribe(5) as subscription:
        changes.clear()
        stream.mute_by_house(lambda frame: -frame)
        stream.mute_by_house(lambda frame: -frame)
        assert stream.muted_by_house
        stream.push(1)
        stream.mute_by_house(None)
        stream.push(2)
        assert subscription.take() == heard == [-1, 2]
        assert len(changes) == 2
    assert not stream.muted_by_house
    assert not stream.muted, "that is what its sender says"
