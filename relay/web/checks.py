"""How each part of the server is asked for its health."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from relay.consumers.history import History
from relay.consumers.media_worker import MediaWorker
from relay.sources.register import SourceRegister
from relay.tls.certificates import Certificates
from relay.web.health import Check, PartState
from relay.web.housekeeping import Housekeeping
from relay.web.http_server import HttpServer
from relay.web.loop_lag import LoopLag
from relay.webrtc.endpoint import WebRtcEndpoint

MS_PER_S = 1000


def of_server(server: HttpServer) -> Check:
    return lambda: PartState(
        server.alive,
        {
            "port": server.port,
            "connections": server.connections,
            "max_connections": server.max_connections,
            "dropped": server.connections_dropped,
            "refused": server.connections_refused,
        },
    )


def of_certificates(certificates: Certificates, port: int) -> Check:
    def check() -> PartState:
        state = certificates.state()
        return PartState(
            certificates.alive,
            {
                "port": port,
                "source": state.source,
                "names": list(state.names),
                "days_left": state.days_left,
                "problem": state.problem,
            },
        )

    return check


def of_endpoint(endpoint: WebRtcEndpoint) -> Check:
    return lambda: PartState(
        endpoint.alive,
        {
            "port": endpoint.port,
            "addresses": [address for address, _ in endpoint.candidates],
            "sends_by": endpoint.backend,
            "peers": len(endpoint.peers),
        },
    )


def of_worker(worker: MediaWorker) -> Check:
    return lambda: PartState(
        worker.alive,
        {"waiting": worker.queue_length, "dropped": worker.jobs_dropped},
    )


def of_housekeeping(housekeeping: Housekeeping) -> Check:
    return lambda: PartState(
        housekeeping.alive,
        {
            "sweeps": housekeeping.sweeps,
            "cleanups": housekeeping.cleanups,
            "found": housekeeping.found,
        },
    )


def of_loop(lag: LoopLag) -> Check:
    return lambda: PartState(
        lag.alive,
        {
            "lag_ms": round(lag.latest_s * MS_PER_S, 3),
            "worst_lag_ms": round(lag.worst_s * MS_PER_S, 3),
            "tasks": len(asyncio.all_tasks()),
        },
    )


class MqttLine(Protocol):
    """`relay.adapters.mqtt.Mqtt`."""

    @property
    def alive(self) -> bool: ...

    @property
    def broker(self) -> str | None: ...

    @property
    def state(self) -> str: ...

    @property
    def problem(self) -> str | None: ...

    @property
    def numbers(self) -> Mapping[str, int]: ...


def of_mqtt(mqtt: MqttLine) -> Check:
    """A broker that is not there is no fault of ours."""
    return lambda: PartState(
        mqtt.alive,
        {"state": mqtt.state, "broker": mqtt.broker, "problem": mqtt.problem},
    )


def of_history(history: History) -> Check:
    """A full disk is no fault of ours, and the sound does not suffer from it."""
    return lambda: PartState(
        history.alive,
        {
            "keeps": history.problem is None,
            "problem": history.problem,
            "waiting": history.waiting,
            "dropped": history.counters["dropped"],
        },
    )


def of_sources(register: SourceRegister) -> Check:
    """A source that fails is no fault of ours; one that nobody looks after is."""

    def check() -> PartState:
        icecast = register.icecast
        alive = register.alive and (icecast is None or icecast.alive)
        states = Counter(report.state.value for report in register.reports)
        port = icecast.port if icecast is not None and icecast.alive else None
        return PartState(alive, {"icecast_port": port, **states})

    return check
