"""What the server says, as it goes over the wire."""

import json

from relay.signaling import messages as m
from relay.signaling import server_messages as s


def test_omitted_fields_stay_off_the_wire() -> None:
    """Old clients get exactly the fields that they know."""
    assert m.encode(s.AvailableStreams(("a", "b"))) == (
        '{"type":"available_streams","streams":["a","b"]}'
    )


def test_details_are_plain_json() -> None:
    """Nested dataclasses go out as objects."""
    details = s.StreamDetails(
        "stream_1", "Nursery", "nursery", "live", False, 2, 1, 3.5
    )
    sent = json.loads(m.encode(s.AvailableStreams(("stream_1",), (details,), ())))
    assert sent["details"] == [
        {
            "stream_id": "stream_1",
            "name": "Nursery",
            "slug": "nursery",
            "state": "live",
            "muted": False,
            "receivers": 2,
            "listeners": 1,
            "started_at": 3.5,
            "hearing": {"good": 0, "weak": 0, "bad": 0, "worst_loss_percent": 0.0},
            "muted_by_house": False,
            "gated": False,
            "line": None,
            "lookback_s": 0,
            "recorded": False,
        }
    ]
    assert sent["ice_servers"] == []


def test_descriptions_are_nested_as_browsers_expect_them() -> None:
    """An offer carries ``{"type", "sdp"}``."""
    sent = m.encode(
        s.ServerOffer(s.SessionDescription("offer", "v=0"), "stream_1", "t")
    )
    assert json.loads(sent) == {
        "type": "webrtc_offer",
        "offer": {"type": "offer", "sdp": "v=0"},
        "stream_id": "stream_1",
        "resume_token": "t",
    }


def test_who_hears_a_stream_is_a_list_of_objects() -> None:
    """As the page that sends it shows them."""
    hearer = s.Hearer("1f", "Kitchen tablet", "webrtc", 3.5)
    sent = json.loads(m.encode(s.Audience("stream_1", (hearer,), 0, ("VLC",))))
    assert sent == {
        "type": "audience",
        "stream_id": "stream_1",
        "hearers": [
            {"id": "1f", "name": "Kitchen tablet", "by": "webrtc", "since": 3.5}
        ],
        "more": 0,
        "hushed": ["VLC"],
    }
