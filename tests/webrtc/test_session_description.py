"""Descriptions from outside are guarded, ours are what browsers expect."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BadSessionDescription, NoAudio, NoOpus, ProtocolError
from relay.webrtc import session_description as sd

FINGERPRINT = ":".join(["AB"] * 32)
LOCAL = sd.LocalTransport(
    "ufragufrag",
    "passwordpassword",
    FINGERPRINT,
    [("192.168.1.5", 8082), ("fd00::5", 8082)],
)
SESSION = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
TRANSPORT = [
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    f"a=fingerprint:sha-256 {FINGERPRINT}",
    "a=setup:actpass",
]
OPUS = ["a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10"]
AUDIO = ["m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=mid:0", "a=sendonly", *OPUS]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "a=mid:1",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:97 rtx/90000",
]
DATA = [
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=mid:2",
    "a=sctp-port:5000",
]


def text(*lines: list[str]) -> str:
    return "\r\n".join(line for group in lines for line in group) + "\r\n"


def test_a_browsers_offer_is_read() -> None:
    """ICE, DTLS and the payload type of Opus are found."""
    remote = sd.parse(text(SESSION, AUDIO, TRANSPORT))
    assert (remote.ice_ufrag, remote.ice_pwd) == ("abcd", "abcdefghijklmnopqrstuv")
    assert remote.payload_type == 111
    assert remote.dtls.role == "auto"
    assert remote.dtls.fingerprints[0].value == FINGERPRINT


def test_transport_parameters_may_stand_at_the_session() -> None:
    """Firefox writes some of them once, above all sections."""
    remote = sd.parse(text(SESSION, TRANSPORT, AUDIO))
    assert remote.ice_ufrag == "abcd"


def test_the_answer_takes_the_audio_and_rejects_the_rest() -> None:
    """Video and data are rejected one by one, in the order of the offer."""
    remote = sd.parse(
        text(SESSION, VIDEO, TRANSPORT, AUDIO, TRANSPORT, DATA, TRANSPORT)
    )
    answer = sd.answer(remote, LOCAL, 7)
    parsed = SessionDescription.parse(answer)
    assert [m.kind for m in parsed.media] == ["video", "audio", "application"]
    assert [m.port for m in parsed.media] == [0, 8082, 0]
    assert [m.rtp.muxId for m in parsed.media] == ["1", "0", "2"]
    audio = parsed.media[1]
    assert audio.direction == "recvonly"
    assert audio.rtp.codecs[0].parameters == {"minptime": 10, "useinbandfec": 1}
    assert audio.dtls is not None
    assert audio.dtls.role == "server"
    assert [(c.ip, c.port) for c in audio.ice_candidates] == list(LOCAL.candidates)
    assert "a=ice-lite" in answer
    assert parsed.group[0].items == ["0"]


def test_senders_are_asked_for_what_the_owner_wishes() -> None:
    """Redundancy comes first in the answer, silence suppression is a parameter of Opus."""
    formats = ["a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111"]
    remote = sd.parse(text(SESSION, [*AUDIO, *formats], TRANSPORT))
    plain = sd.answer(remote, LOCAL, 7)
    assert "SAVPF 111\r\n" in plain
    assert "usedtx" not in plain
    wished = sd.answer(remote, LOCAL, 7, sd.SenderWishes(red=True, dtx=True))
    assert "SAVPF 63 111\r\n" in wished
    assert "useinbandfec=1;usedtx=1" in wished


def test_a_client_that_insists_on_the_passive_side_gets_it() -> None:
    """Whoever is the DTLS server, the other side is the client."""
    lines = [li.replace("actpass", "passive") for li in TRANSPORT]
    answer = sd.answer(sd.parse(text(SESSION, AUDIO, lines)), LOCAL, 7)
    assert "a=setup:active" in answer


def test_the_offer_is_one_audio_section_to_hear() -> None:
    """A receiver is offered Opus with forward error correction, and our candidates."""
    offer = sd.offer(LOCAL, 7, "stream_1", 1234)
    parsed = SessionDescription.parse(offer)
    (audio,) = parsed.media
    assert audio.direction == "sendonly"
    assert audio.ssrc[0].ssrc == 1234
    assert audio.rtcp_mux
    assert audio.dtls is not None
    assert audio.dtls.role == "auto"
    assert audio.ice_candidates[0].priority > audio.ice_candidates[1].priority


@pytest.mark.parametrize(
    ("sdp", "error"),
    [
        ("", BadSessionDescription),
        ("hello", BadSessionDescription),
        (text(SESSION), NoAudio),
        (text(SESSION, VIDEO, TRANSPORT), NoAudio),
        (text(SESSION, AUDIO), BadSessionDescription),
        (text(SESSION, AUDIO, TRANSPORT[:2]), BadSessionDescription),
        (
            text(SESSION, ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=rtcp-mux"], TRANSPORT),
            NoOpus,
        ),
        (text(SESSION, [li for li in AUDIO if "mux" not in li], TRANSPORT), BadSessionDescription),
        (text(SESSION, ["m=audio x UDP 111"], TRANSPORT), BadSessionDescription),
        (text(SESSION, ["m=audio 9 UDP/TLS/RTP/SAVPF 300", *OPUS], TRANSPORT), BadSessionDescription),
        (text(SESSION, ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:a b", *OPUS], TRANSPORT), BadSessionDescription),
        (text(SESSION, AUDIO, ["a=fmtp:99 x=1"], TRANSPORT), BadSessionDescription),
        (text(SESSION, AUDIO, ["a=fingerprint:x"], TRANSPORT), BadSessionDescription),
        (text(SESSION, AUDIO, ["a=setup:maybe"], TRANSPORT), BadSessionDescription),
        (text(SESSION, AUDIO, [TRANSPORT[0], TRANSPORT[1], "a=fingerprint:md5 AB", TRANSPORT[3]]), BadSessionDescription),
        (text(SESSION, AUDIO, ["a=ice-ufrag:a:b", *TRANSPORT[1:]]), BadSessionDescription),
        (text(SESSION, *[AUDIO] * 17), BadSessionDescription),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_an_error_with_a_code(
    sdp: str, error: type[ProtocolError]
) -> None:
    """Each kind of useless description has its own stable code."""
    with pytest.raises(error) as caught:
        sd.parse(sdp)
    assert type(caught.value) is error


def test_the_first_usable_audio_section_counts() -> None:
    """An audio section without Opus does not spoil a second one that has it."""
    telephone = ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:9", "a=rtcp-mux"]
    remote = sd.parse(text(SESSION, telephone, TRANSPORT, AUDIO, TRANSPORT))
    assert remote.audio_index == 1


def test_candidates_of_the_client_are_not_read() -> None:
    """Not even a malformed or hostile candidate matters: nothing is ever sent to one."""
    evil = ["a=candidate:nonsense", "a=candidate:1 1 udp 1 8.8.8.8 53 typ host"]
    assert sd.parse(text(SESSION, AUDIO, evil, TRANSPORT)).ice_ufrag == "abcd"


LINES = [*SESSION, *AUDIO, *VIDEO, *DATA, *TRANSPORT, "m=", "a=", "a=rtpmap:111", "x"]


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=40))
def test_any_lines_are_a_description_or_a_protocol_error(lines: list[str]) -> None:
    """Nothing but a ProtocolError ever leaves the parser, and what it accepts can be answered."""
    try:
        remote = sd.parse(text(["v=0"], lines))
    except ProtocolError:
        return
    SessionDescription.parse(sd.answer(remote, LOCAL, 1))
