"""Four weeks of a nursery as they might have been, answered as the relay answers."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from playwright.async_api import Page, Route

HOUR_S = 3600
DAY_S = 24 * HOUR_S
KEPT_S = 30 * DAY_S
POINTS = 2000
STEPS_S = (60, 120, 300, 600, 1800, 3600)
MOST = {"level_dbfs": -6.0, "pitch_hz": 600.0, "speech_ratio": 1.0}
FEATURES = ("level_dbfs", "pitch_hz", "speech_ratio")
KINDS = ("cry", "noise", "speech", "microphone_dead")


@dataclass
class MadeHistory:
    """Numbers of a room that sleeps at night, with a hole, and what was noticed."""

    streams: list[str] = field(default_factory=lambda: ["nursery", "hall"])
    refusal: dict[str, str] | None = None
    """What is answered instead, with 404."""
    away: bool = False
    """Whether nobody answers at all."""
    mode: str = "on_demand"
    deleted: list[dict[str, str]] = field(default_factory=list)
    shown: tuple[float, float] | None = None
    """The time that was asked for last, not counting that of the picture of weeks."""
    until: float = field(default_factory=lambda: math.floor(time.time() / 60) * 60.0)

    async def serve(self, page: Page) -> None:
        """Answer what a page asks about history; all the rest is the relay's."""
        await page.route(re.compile(r"/api/history|/analysis$"), self._answer)

    async def _answer(self, route: Route) -> None:
        if self.away:
            return await route.abort("connectionrefused")
        url, method = urlsplit(route.request.url), route.request.method
        asked = dict(parse_qsl(url.query))
        if url.path.endswith("/analysis"):
            if method == "PUT":
                self.mode = json.loads(route.request.post_data or "{}")["mode"]
            return await route.fulfill(json={"mode": self.mode})
        if self.refusal:
            return await route.fulfill(status=404, json=self.refusal)
        if url.path.endswith("/streams"):
            known = {"streams": self._known(), "formats": ["json", "csv"]}
            return await route.fulfill(json=known)
        await self._answer_query(route, method, asked)

    async def _answer_query(
        self, route: Route, method: str, asked: dict[str, str]
    ) -> None:
        if method == "DELETE":
            self.deleted.append(asked)
            return await route.fulfill(json={"deleted": 7})
        if "step" not in asked:
            self.shown = (float(asked["from"]), float(asked["to"]))
        await route.fulfill(json=self.table(asked))

    def _known(self) -> list[dict[str, Any]]:
        return [
            {
                "stream": stream,
                "name": stream.title(),
                "since": self.until - KEPT_S,
                "until": self.until,
                "sessions": 3,
                "live": False,
            }
            for stream in self.streams
        ]

    def table(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer to a query."""
        since = float(asked["from"])
        until = min(float(asked.get("to", self.until)), self.until)
        step = int(asked.get("step", 0)) or next(
            (s for s in STEPS_S if (until - since) / s <= POINTS), STEPS_S[-1]
        )
        times = np.arange(math.ceil(since / step) * step, until, step, dtype=float)
        age = (self.until - times) / 3600
        times = times[(age < 24 * 30) & ~((age > 30) & (age < 33))]
        level, pitch, speech = sound_at(times)
        swing = 4 + 3 * np.abs(np.sin(times / 777)) + 30 * (speech > 0.3)
        values = dict(zip(FEATURES, (level, pitch, speech), strict=True))
        spread = {"level_dbfs": swing, "pitch_hz": 40 + 0 * pitch, "speech_ratio": 0.1}
        return {
            "stream": asked["stream"],
            "from": since,
            "to": until,
            "step": step,
            "features": list(values),
            "times": times.tolist(),
            "mean": {n: column(v) for n, v in values.items()},
            "minimum": {n: column(v - spread[n] / 4) for n, v in values.items()},
            "maximum": {
                n: column(np.minimum(v + spread[n], MOST[n])) for n, v in values.items()
            },
            "events": self._events(since, until),
        }

    def _events(self, since: float, until: float) -> list[dict[str, Any]]:
        first = math.ceil(since / 9000)
        return [
            {
                "id": f"e{number}",
                "kind": KINDS[number % len(KINDS)],
                "began_at": number * 9000.0,
                "ended_at": number * 9000.0 + 20 + number % 300,
                "level_dbfs": None if number % 4 == 3 else -20.0 - number % 15,
                "session": "stream_1",
            }
            for number in range(first, math.floor(until / 9000) + 1)
        ]


def sound_at(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return level, pitch and share of voice: quiet at night, busy by day."""
    hour = (times / 3600) % 24
    awake = np.clip(np.sin((hour - 6) / 15 * np.pi), 0, 1) * (hour > 6) * (hour < 21)
    flutter = np.sin(times / 613) * np.sin(times / 1709) * np.sin(times / 97)
    talk = np.clip(awake * (0.35 + 0.6 * flutter), 0, 1)
    level = -68 + 22 * awake + 14 * talk + 3 * np.sin(times / 431)
    pitch = np.where(talk > 0.15, 210 + 60 * flutter, np.nan)
    return level, pitch, talk


def column(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), 3) for v in values]
