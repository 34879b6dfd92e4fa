"""The numbers about packets and sound: media, frames, decoders, listeners."""

from collections.abc import Callable, Mapping
from typing import Protocol

from relay.audio.codec import SAMPLE_RATE
from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.listener import REASONS
from relay.consumers.media_worker import MediaWorker
from relay.web.lobby import Lobby
from relay.web.metrics import Reading
from relay.web.socket_media import FrameCounters

# The counters of the endpoint that say why a datagram was of no use.
REFUSALS = (
    "stun_malformed",
    "stun_unknown_user",
    "stun_unauthenticated",
    "unknown_address",
    "unknown_kind",
    "receive_errors",
    "media_unauthenticated",
    "media_malformed",
    "media_unwanted",
)


class MediaNumbers(Protocol):
    """What `relay.webrtc.endpoint.WebRtcEndpoint` counts."""

    @property
    def counters(self) -> Mapping[str, int]: ...


def of_media(
    endpoint: MediaNumbers, worker: MediaWorker, lobby: Lobby, frames: FrameCounters
) -> list[Reading]:
    def counter(name: str) -> Callable[[], float]:
        return lambda: endpoint.counters[name]

    return [
        Reading(
            "voice_packets_received_total",
            "Media packets received from senders",
            counter("packets_received"),
        ),
        Reading(
            "voice_audio_bytes_received_total",
            "Bytes of sound received from senders",
            lambda: endpoint.counters["bytes_received"] + frames.bytes_received,
        ),
        Reading(
            "voice_packets_sent_total",
            "Media packets sent to receivers",
            counter("packets_sent"),
        ),
        Reading(
            "voice_packets_resent_total",
            "Media packets sent to receivers once more, because they asked for them",
            counter("packets_resent"),
        ),
        Reading(
            "voice_packets_recovered_total",
            "Media packets of senders that were lost, and came with the next one (RED)",
            counter("packets_recovered"),
        ),
        Reading(
            "voice_peer_forced_closes_total",
            "Peer connections that did not close in time, or failed to, and were cut off",
            counter("closes_forced"),
        ),
        Reading(
            "voice_dropped_total",
            "What was dropped because it could not wait, by queue",
            lambda: _dropped(endpoint, worker, lobby, frames),
            label="queue",
        ),
        Reading(
            "voice_media_worker_queue",
            "Jobs that wait for the media worker",
            lambda: worker.queue_length,
        ),
        Reading(
            "voice_datagrams_refused_total",
            "Datagrams that were not used, by cause",
            lambda: {cause: endpoint.counters[cause] for cause in REFUSALS},
            label="cause",
        ),
    ]


def _dropped(
    endpoint: MediaNumbers, worker: MediaWorker, lobby: Lobby, frames: FrameCounters
) -> dict[str, float]:
    return {
        "media_worker": worker.jobs_dropped,
        "outbox_superseded": lobby.tally.messages_superseded,
        "outbox_unsent": lobby.tally.messages_unsent,
        "udp_send": endpoint.counters["packets_unsent"],
        "websocket_sound": frames.frames_dropped,
    }


def of_frames(counters: FrameCounters) -> list[Reading]:
    return [
        Reading(
            "voice_websocket_frames_total",
            "Frames of sound over WebSockets, by what became of them",
            lambda: {
                "sent": counters.frames_sent,
                "received": counters.frames_received,
                "late": counters.frames_late,
                "excess": counters.frames_excess,
                "malformed": counters.frames_malformed,
                "unwanted": counters.frames_unwanted,
            },
            label="fate",
        ),
    ]


def of_sound(decoders: DecoderPool) -> list[Reading]:
    statistics = decoders.statistics
    return [
        Reading(
            "voice_decoders",
            "Streams that are being decoded, because somebody needs their sound",
            lambda: decoders.decoders,
        ),
        Reading(
            "voice_decoder_packets_total",
            "Packets on their way to the decoders, by what became of them",
            lambda: {
                "played": statistics.packets_played,
                "lost": statistics.packets_lost,
                "late": statistics.packets_late,
                "duplicate": statistics.packets_duplicate,
                "excess": statistics.packets_excess,
                "unreadable": statistics.packets_unreadable,
                "corrupt": statistics.packets_corrupt,
            },
            label="fate",
        ),
        Reading(
            "voice_concealed_seconds_total",
            "Sound that was made up where packets were missing",
            lambda: statistics.samples_concealed / SAMPLE_RATE,
        ),
        Reading(
            "voice_clock_corrections_total",
            "Pieces of 20 ms by which sound was put right, because a sender's clock is off",
            lambda: {
                "added": statistics.pieces_added,
                "left_out": statistics.pieces_left_out,
            },
            label="kind",
        ),
    ]


def of_listeners(broadcasts: Broadcasts) -> list[Reading]:
    return [
        Reading(
            "voice_listeners_total",
            "Listeners that ever came",
            lambda: broadcasts.listeners_total,
        ),
        Reading(
            "voice_listener_closes_total",
            "Listeners that are over, by reason",
            lambda: {reason: broadcasts.listeners_ended[reason] for reason in REASONS},
            label="reason",
        ),
        Reading(
            "voice_listener_bytes_sent_total",
            "Bytes of sound handed to listeners",
            lambda: broadcasts.bytes_written,
        ),
        Reading(
            "voice_listener_bytes_skipped_total",
            "Bytes that slow listeners missed, to be back at the live sound",
            lambda: broadcasts.bytes_skipped,
        ),
        Reading(
            "voice_listener_skips_total",
            "How often slow listeners were brought back to the live sound",
            lambda: broadcasts.skips,
        ),
        Reading(
            "voice_encoders",
            "Formats that are made for listeners, of all addresses",
            lambda: broadcasts.broadcasts,
        ),
    ]
