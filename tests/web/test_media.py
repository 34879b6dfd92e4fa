"""The media parts as the signaling sees them: the real ones and the fakes are alike."""

import inspect
from typing import Any

import pytest

from relay.consumers.analyser import Visualization
from relay.web import media
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.receiver_peer import ReceiverPeer
from relay.webrtc.sender_peer import SenderPeer
from tests.web import fakes

ALIKE: list[tuple[Any, Any, Any]] = [
    (media.Endpoint, WebRtcEndpoint, fakes.FakeEndpoint),
    (media.SenderPeer, SenderPeer, fakes.FakeSenderPeer),
    (media.ReceiverPeer, ReceiverPeer, fakes.FakeReceiverPeer),
    (media.Visualization, Visualization, fakes.FakeVisualization),
]


def methods_of(protocol: type) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }


def parameters_of(method: Any) -> list[str]:
    return list(inspect.signature(method).parameters)


@pytest.mark.parametrize(("protocol", "real", "fake"), ALIKE)
def test_same_methods(protocol: type, real: type, fake: type) -> None:
    """What a connection calls exists in both, with the same parameters, awaited or not."""
    methods = methods_of(protocol)
    assert methods
    for name, method in methods.items():
        for implementation in (getattr(real, name), getattr(fake, name)):
            assert parameters_of(implementation) == parameters_of(method), name
            assert inspect.iscoroutinefunction(
                implementation
            ) == inspect.iscoroutinefunction(method), name
