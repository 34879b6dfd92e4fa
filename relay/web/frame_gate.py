"""What a client's frames of sound have to pass: somebody who takes them, and their form."""

from relay.errors import BadFrame
from relay.signaling.sound_frame import HEARD, SOUND
from relay.web.socket_media import FrameCounters
from relay.web.socket_receiver import SocketReceiver
from relay.web.socket_sender import SocketSender


class FrameGate:
    """
    Counts the frames of one client that are of no use.

    Those that nobody takes are no fault: what ends a stream may cross its frames.
    """

    def __init__(self, counters: FrameCounters) -> None:
        self._counters = counters
        self._told: SocketSender | SocketReceiver | None = None
        """Whose client knows that its frames are bad."""

    def pass_on(self, data: bytes, peer: SocketSender | SocketReceiver | None) -> None:
        """Hand a frame to the peer. Raises `BadFrame`, once for each peer."""
        kind = SOUND if isinstance(peer, SocketSender) else HEARD
        if peer is None or data[0] != kind:
            self._counters.frames_unwanted += 1
            return
        try:
            peer.take_frame(data)
        except BadFrame:
            self._counters.frames_malformed += 1
            if self._told is not peer:
                self._told = peer
                raise
