"""How much is measured: enough to believe it, or just enough to see that it works."""

from dataclasses import dataclass

Pair = tuple[int, int]
"""Few and many: a slope between two numbers cancels what does not depend on them."""


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    """How often each candidate gets its turn, with a fresh process each time."""
    window_s: float
    """Length of one measurement."""
    settle_s: float
    """After the last change of anything, before a measurement."""

    receivers: Pair
    sound_receivers: Pair
    """Of aiortc's relay, which falls behind between 20 and 25 on an idle machine."""
    packet_receivers: Pair
    """Of aiortc's senders without a decoder."""
    loop_receivers: int
    loop_blocks: int
    """Seconds that each of the send loops gets in a round, taking turns."""
    socket_receivers: Pair
    """Who hear over their WebSockets."""
    latency_receivers: Pair
    latency_packets: int
    """In a round."""
    joins: int
    joins_together: int
    listeners: Pair
    baseline_listeners: Pair
    first_bytes: int
    """In a round."""
    visitors: int
    """Listeners who come and go at once."""
    beeps: int
    """Seconds of a beep each in a round, for the delay of MP3."""
    senders: Pair
    idle_s: float
    crowd: tuple[int, ...]
    """Numbers of receivers that one core is tried with, one after the other."""
    house_senders: Pair
    """Of senders who all have receivers."""

    history_seconds: int
    """Of a thousand streams, to be written."""
    history_day_s: int
    """Of one stream, to be read."""
    history_streams: tuple[int, ...]
    """Whose seconds are written into Cassandra; of the long run."""
    history_s: float
    analysed_streams: int
    """Of which features are told."""

    cycles: int
    """Receivers that join and leave; of the long run."""
    bad_link_s: float
    """How long senders speak over a bad link; of the long run."""
    bad_link_look_s: float
    """How long is looked at, in its beginning and in its end."""


FULL = Plan(
    rounds=3,
    window_s=4.0,
    settle_s=1.5,
    receivers=(20, 200),
    sound_receivers=(1, 4),
    packet_receivers=(20, 80),
    loop_receivers=200,
    loop_blocks=6,
    socket_receivers=(5, 50),
    latency_receivers=(1, 100),
    latency_packets=250,
    joins=30,
    joins_together=100,
    listeners=(10, 200),
    baseline_listeners=(1, 10),
    first_bytes=7,
    visitors=500,
    beeps=5,
    senders=(2, 32),
    idle_s=8.0,
    crowd=(250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2500),
    house_senders=(10, 100),
    history_seconds=300,
    history_day_s=86_400,
    history_streams=(1000, 5000),
    history_s=60.0,
    analysed_streams=100,
    cycles=2500,
    bad_link_s=600.0,
    bad_link_look_s=60.0,
)

QUICK = Plan(
    rounds=1,
    window_s=0.7,
    settle_s=0.3,
    receivers=(2, 32),
    sound_receivers=(1, 4),
    packet_receivers=(2, 32),
    loop_receivers=32,
    loop_blocks=1,
    socket_receivers=(1, 8),
    latency_receivers=(1, 20),
    latency_packets=100,
    joins=5,
    joins_together=10,
    listeners=(2, 32),
    baseline_listeners=(1, 6),
    first_bytes=5,
    visitors=50,
    beeps=2,
    senders=(1, 9),
    idle_s=1.0,
    crowd=(20, 40),
    house_senders=(2, 6),
    history_seconds=5,
    history_day_s=1200,
    history_streams=(50,),
    history_s=3.0,
    analysed_streams=8,
    cycles=40,
    bad_link_s=6.0,
    bad_link_look_s=3.0,
)
