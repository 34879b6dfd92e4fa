"""Every number that the parts of the server keep, by the name under which it is published."""

from collections.abc import Callable
from typing import Any

from relay import errors
from relay.consumers.history import History
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
from relay.web.sound_readings import MediaNumbers
from relay.web.tally import CloseReason


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
            lambda: sum(s.all_listeners for s in relay.streams),
        ),
        Reading(
            "voice_stream_packets_total",
            "Packets pushed into streams by all sources",
            lambda: (
                relay.frames_pushed_before + sum(s.frames_pushed for s in relay.streams)
            ),
        ),
    ]


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


def of_history(history: History) -> list[Reading]:
    return [
        Reading(
            "voice_history_keeps",
            "Whether what is measured can be kept at the moment",
            lambda: history.problem is None,
        ),
        Reading(
            "voice_history_waiting",
            "Rows and events that are not kept yet",
            lambda: history.waiting,
        ),
        Reading(
            "voice_history_rows_total",
            "Rows and events by what became of them; dropped is worth a look",
            lambda: {key: history.counters[key] for key in ("written", "dropped")},
            label="fate",
        ),
        Reading(
            "voice_history_failures_total",
            "Attempts to keep rows that failed and were made again",
            lambda: history.counters["failures"],
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
