"""Every number that the parts of the server keep, by the name under which it is published."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from relay import errors
from relay.audio.codec import SAMPLE_RATE
from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.listener import REASONS
from relay.consumers.media_worker import MediaWorker
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.sources.register import SourceRegister
from relay.sources.report import SourceState
from relay.web.checks import MqttLine
from relay.web.health import MEDIA, Health
from relay.web.housekeeping import Housekeeping
from relay.web.lobby import Lobby
from relay.web.metrics import Reading
from relay.web.roll import Roll
from relay.web.socket_media import FrameCounters
from relay.web.tally import CloseReason


class MediaNumbers(Protocol):
    """What `relay.webrtc.endpoint.WebRtcEndpoint` counts."""

    @property
    def counters(self) -> Mapping[str, int]: ...


def error_types() -> list[str]:
    """Return every code that an error may carry: a closed set, fit for a label."""

    def below(error: type[errors.RelayError]) -> list[str]:
        return [error.code, *(c for e in error.__subclasses__() for c in below(e))]

    return sorted(set(below(errors.RelayError)))


def of_connections(lobby: Lobby, health: Health) -> list[Reading]:
    tally = lobby.tally
    known_errors = error_types()
    return [
        Reading(
            "voice_uptime_seconds",
            "Since the server started",
            lambda: health.uptime_s,
        ),
        Reading(
            "voice_active_connections",
            "Clients with an open WebSocket",
            lambda: lobby.connected_clients,
        ),
        Reading(
            "voice_detached_connections",
            "Clients whose WebSocket broke while their media flows on",
            lambda: len(lobby.connections) - lobby.connected_clients,
        ),
        Reading(
            "voice_connections_total",
            "Clients that ever connected",
            lambda: tally.connections,
        ),
        Reading(
            "voice_connections_refused_total",
            "Clients sent away because max_connections was reached",
            lambda: tally.connections_refused,
        ),
        Reading(
            "voice_connection_closes_total",
            "Connections that ended, by reason",
            lambda: {reason.value: tally.closes[reason] for reason in CloseReason},
            label="reason",
        ),
        Reading(
            "voice_connection_forced_closes_total",
            "Connections that did not close in time and were cut off",
            lambda: tally.forced_closes,
        ),
        Reading(
            "voice_receiver_moves_total",
            "Receivers that changed streams over one peer connection, or waited to do so",
            lambda: tally.moves,
            label="kind",
        ),
        Reading(
            "voice_errors_total",
            "Errors that clients were told, by code",
            lambda: {code: tally.errors[code] for code in known_errors},
            label="error_type",
        ),
        Reading(
            "voice_messages_total",
            "Signaling messages",
            lambda: {"in": tally.messages_in, "out": tally.messages_out},
            label="direction",
        ),
    ]


def of_roll(roll: Roll) -> list[Reading]:
    limits = roll.limits
    return [
        Reading(
            "voice_audit_lines_dropped_total",
            "Lines that the audit log had no room for",
            lambda: roll.audit.dropped,
        ),
        Reading(
            "voice_refused_total",
            "Who was asked to come back later, by the limit that was reached",
            lambda: {
                "peers": limits.peers.refused,
                "listeners": limits.listeners.refused,
                "sockets": limits.sockets.refused,
                "arrivals": limits.arrivals.refused,
            },
            label="limit",
        ),
    ]


def of_streams(relay: MediaRelay[RtpPacket]) -> list[Reading]:
    return [
        Reading(
            "voice_streams",
            "Streams on air, by state",
            lambda: {
                state.value: sum(s.state is state for s in relay.streams)
                for state in (StreamState.LIVE, StreamState.STALLED)
            },
            label="state",
        ),
        Reading(
            "voice_receivers",
            "Receivers over WebRTC",
            lambda: sum(s.receivers for s in relay.streams),
        ),
        Reading(
            "voice_websocket_receivers",
            "Receivers over their WebSocket",
            lambda: sum(s.socket_receivers for s in relay.streams),
        ),
        Reading(
            "voice_listeners",
            "Listeners over HTTP",
            lambda: sum(s.listeners for s in relay.streams),
        ),
        Reading(
            "voice_stream_packets_total",
            "Packets pushed into streams by all sources",
            lambda: (
                relay.frames_pushed_before + sum(s.frames_pushed for s in relay.streams)
            ),
        ),
    ]


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


def of_housekeeping(housekeeping: Housekeeping) -> list[Reading]:
    return [
        Reading(
            "voice_cleanups_total",
            "Rounds of the periodic cleanup",
            lambda: housekeeping.cleanups,
        ),
        Reading(
            "voice_cleanup_finds_total",
            "What the periodic cleanup had to remove; more than 0 is worth a report",
            lambda: housekeeping.found,
        ),
    ]


def of_sources(register: SourceRegister) -> list[Reading]:
    def states() -> dict[str, float]:
        present = [report.state for report in register.reports]
        return {state.value: present.count(state) for state in SourceState}

    return [
        Reading(
            "voice_sources",
            "Sources that are not browsers, by state",
            states,
            label="state",
        ),
        Reading(
            "voice_source_packets_dropped_total",
            "Packets of such sources that came too fast, or that nobody could read",
            lambda: register.packets_dropped,
        ),
    ]


def of_mqtt(mqtt: MqttLine) -> list[Reading]:
    def number(name: str) -> Callable[[], float]:
        return lambda: mqtt.numbers[name]

    return [
        Reading(
            "voice_mqtt_connected",
            "Whether the MQTT broker is connected",
            number("connected"),
        ),
        Reading(
            "voice_mqtt_connects_total",
            "How often the MQTT broker was reached, and how often it was not or was lost",
            lambda: {key: mqtt.numbers[key] for key in ("connects", "failures")},
            label="outcome",
        ),
        Reading(
            "voice_mqtt_messages_total",
            "Messages for the MQTT broker, by what became of them",
            lambda: {
                key: mqtt.numbers[key] for key in ("sent", "superseded", "dropped")
            },
            label="fate",
        ),
    ]


def summary(
    health: Health,
    lobby: Lobby,
    relay: MediaRelay[RtpPacket],
    endpoint: MediaNumbers,
) -> Callable[[], dict[str, Any]]:
    """Return what makes the JSON object that existing monitors read."""
    return lambda: {
        "uptime_seconds": round(health.uptime_s, 3),
        "active_connections": lobby.connected_clients,
        "active_streams": len(relay.streams),
        "total_audio_bytes": endpoint.counters["bytes_received"],
        "webrtc_available": health.is_alive(MEDIA),
    }
