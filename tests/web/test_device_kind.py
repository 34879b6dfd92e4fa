"""Tests of relay/web/device_kind.py: what people call the thing that listens."""

import pytest

from relay.web.device_kind import kind_of

SAFARI = "Mozilla/5.0 (%s) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari"


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (SAFARI % "iPhone; CPU iPhone OS 18_0 like Mac OS X", "iPhone"),
        (SAFARI % "iPad; CPU OS 16_0 like Mac OS X", "iPad"),
        (SAFARI % "Macintosh; Intel Mac OS X 10_15_7", "Mac"),
        (SAFARI % "Windows NT 10.0; Win64; x64", "Windows PC"),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/131 Mobile", "Android phone"),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/131", "Android tablet"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Linux PC"),
        ("Mozilla/5.0 (X11; Linux armv7l) Chrome/120 CrKey/1.56", "Chromecast"),
        ("VLC/3.0.21 LibVLC/3.0.21", "VLC"),
        ("Linux UPnP/1.0 Sonos/80.1 (ZPS1)", "Sonos"),
        ("Lavf/60.16.100", "FFmpeg"),
        ("Home Assistant/2026.1 (Android 15)", "Home Assistant app"),
        ("something of its own", ""),
        ("", ""),
    ],
)
def test_kind(user_agent: str, kind: str) -> None:
    """By the most telling word; what nobody knows is not guessed."""
    assert kind_of(user_agent) == kind
