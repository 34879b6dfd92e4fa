"""What Firefox 153 says of itself, word for word, is understood; `firefox/` has the originals."""

from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription

from relay.webrtc import session_description as sd

ORIGINALS = Path(__file__).parent / "firefox"
LOCAL = sd.LocalTransport(
    "ufragufrag",
    "passwordpasswordpassword",
    ":".join(["AB"] * 32),
    [("192.168.1.5", 8082), ("fd00::5", 8082)],
)


def firefox(name: str) -> str:
    return (ORIGINALS / f"{name}.sdp").read_bytes().decode()


def answered(name: str, wishes: sd.SenderWishes = sd.SenderWishes()) -> str:
    return sd.answer(sd.parse(firefox(name)), LOCAL, 7, wishes)


def test_its_offer_is_opus_with_its_own_number_and_no_redundancy() -> None:
    """Its candidates are names, and its fingerprint stands above the sections."""
    remote = sd.parse(firefox("offer"))
    assert remote.payload_type == 109
    assert remote.red_payload_type is None
    assert not remote.nack
    assert remote.dtls.role == "auto"
    assert [f.algorithm for f in remote.dtls.fingerprints] == ["sha-256"]
    assert len(remote.ice_pwd) == 32


def test_our_page_has_it_offer_retransmission() -> None:
    """The line is where Firefox sorted it, far from the codec's."""
    assert sd.parse(firefox("offer_of_our_page")).nack
    assert "a=rtcp-fb:109 nack\r\n" in answered("offer_of_our_page")
    assert "nack" not in answered("offer")


def test_it_is_asked_for_silence_suppression_but_never_for_redundancy() -> None:
    """It has no RED for sound, whatever the owner wishes."""
    answer = answered("offer", sd.SenderWishes(red=True, dtx=True))
    assert "SAVPF 109\r\n" in answer
    assert "a=fmtp:109 minptime=10;useinbandfec=1;usedtx=1\r\n" in answer


@pytest.mark.parametrize(
    ("name", "ports", "bundle"),
    [
        ("offer", [8082], "0"),
        ("offer_video_audio_data", [0, 8082, 0], "1"),
        ("offer_hears_and_sends", [0, 8082], "1"),
    ],
)
def test_the_section_that_sends_sound_is_taken_and_the_others_rejected(
    name: str, ports: list[int], bundle: str
) -> None:
    """Though all but the first one have no port of their own, being meant for its bundle."""
    answer = SessionDescription.parse(answered(name))
    assert [media.port for media in answer.media] == ports
    assert [group.items for group in answer.group] == [[bundle]]
    (taken,) = [media for media in answer.media if media.port]
    assert taken.kind == "audio"
    assert taken.direction == "recvonly"


def test_its_answer_takes_opus_and_leaves_redundancy_out() -> None:
    """By the number that we offered; it has the first word in the handshake."""
    remote = sd.parse(firefox("answer_of_our_page"))
    assert remote.payload_type == sd.OPUS_PAYLOAD_TYPE
    assert remote.red_payload_type is None
    assert remote.nack
    assert remote.dtls.role == "client"
