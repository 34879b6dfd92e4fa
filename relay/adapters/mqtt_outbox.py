"""What waits to be sent to the broker: the newest value of a topic, and every event."""

import itertools
import threading
from dataclasses import dataclass

CAPACITY = 8192
"""More than 500 names have topics, with all that is told of each at once."""


@dataclass(frozen=True, slots=True)
class MqttMessage:
    topic: str
    payload: str
    retain: bool = False
    every: bool = False
    """Whether none may be left out; otherwise the newest of its topic is enough."""


class MqttOutbox:
    """
    Filled on the event loop, emptied on the link's thread.

    A value that still waits is replaced by a newer one and keeps its place. Beyond the
    capacity the oldest goes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._waiting: dict[object, MqttMessage] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.superseded = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: MqttMessage) -> None:
        with self._lock:
            key = next(self._numbers) if message.every else message.topic
            self.superseded += key in self._waiting
            self._waiting[key] = message
            if len(self._waiting) > self._capacity:
                del self._waiting[next(iter(self._waiting))]
                self.dropped += 1

    def take(self) -> MqttMessage | None:
        """Return the oldest, None if nothing waits."""
        with self._lock:
            if not self._waiting:
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def clear(self) -> None:
        """Forget what waits: whoever comes next is told everything anew."""
        with self._lock:
            self.dropped += sum(message.every for message in self._waiting.values())
            self._waiting.clear()
