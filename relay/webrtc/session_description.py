"""
Session descriptions: what a browser says of itself, and what we say of us.

Rule 1: a description from outside is guarded before anything parses it, and only what
we use is handed to the parser; whatever still goes wrong there is the client's fault.
Rule 2: what we write comes from the two templates below.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc import sdp as aiortc_sdp
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from relay.audio.telephone import RTP_CLOCK_RATE, TelephoneCodec
from relay.errors import BadSessionDescription, NoAudio, NoOpus

OPUS_PAYLOAD_TYPE = 111
RED_PAYLOAD_TYPE = 63
"""Ours when we offer; those that browsers use by themselves."""

# ``useinbandfec`` asks the other side to add forward error correction (RFC 7587, 6.1).
OPUS_PARAMETERS = "minptime=10;useinbandfec=1"

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_MEDIA_LINE = re.compile(r"m=([a-z]+) \d+ ([A-Z/]+) (\S.*)")
_ICE_CHARACTERS = re.compile(r"[A-Za-z0-9+/]{4,256}")
MAX_SECTIONS = 16


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line as far as an answer must repeat it."""

    kind: str
    profile: str
    formats: str
    mid: str


@dataclass(frozen=True, slots=True)
class RemoteDescription:
    """What we need to know of a client."""

    ice_ufrag: str
    ice_pwd: str
    dtls: RTCDtlsParameters
    """Fingerprints, and the role the *client* wants: ``client``, ``server`` or ``auto``."""
    payload_type: int
    """Of the codec we take: Opus, or else that of `telephone`."""
    telephone: TelephoneCodec | None
    """The codec of a sender that has no Opus."""
    red_payload_type: int | None
    """Of redundant Opus (RFC 2198), if the client speaks it with our Opus inside."""
    nack: bool
    """Whether the client asks for, and answers requests for, lost packets (RFC 4585)."""
    sections: tuple[Section, ...]
    audio_index: int
    """Which of the sections is the audio we use."""


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """What we tell of ourselves in every description."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str
    candidates: Sequence[tuple[str, int]]
    """Our addresses and ports, best first."""


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats of our audio section. The first one listed is the one that is sent."""

    opus: int
    red: int | None
    red_first: bool
    nack: bool
    telephone: TelephoneCodec | None = None
    """What ``opus`` stands for if it is not Opus."""
    dtx: bool = False

    @property
    def in_order(self) -> str:
        if self.red is None:
            return str(self.opus)
        order = (self.red, self.opus) if self.red_first else (self.opus, self.red)
        return " ".join(map(str, order))

    @property
    def lines(self) -> list[str]:
        if self.telephone is not None:
            return [f"a=rtpmap:{self.opus} {self.telephone.value}/{RTP_CLOCK_RATE}"]
        lines = [
            f"a=rtpmap:{self.opus} opus/48000/2",
            f"a=fmtp:{self.opus} {OPUS_PARAMETERS}{';usedtx=1' if self.dtx else ''}",
        ]
        if self.nack:
            lines.append(f"a=rtcp-fb:{self.opus} nack")
        if self.red is not None:
            lines += [
                f"a=rtpmap:{self.red} red/48000/2",
                f"a=fmtp:{self.red} {self.opus}/{self.opus}",
            ]
        return lines


def parse(sdp: str, *, telephone: bool = False) -> RemoteDescription:
    """
    Read a client's offer or answer; with ``telephone`` one without Opus will do.

    Of several audio sections the first one that may send counts, if it can be used.

    Raises `BadSessionDescription`, `NoAudio` or `NoOpus`.
    """
    session_lines, media = aiortc_sdp.grouplines(sdp)
    if not session_lines or not session_lines[0].startswith("v=0"):
        raise BadSessionDescription("a session description starts with v=0")
    if len(media) > MAX_SECTIONS:
        raise BadSessionDescription(f"more than {MAX_SECTIONS} media sections")
    sections = tuple(_section(lines, str(index)) for index, lines in enumerate(media))
    audio = [i for i, section in enumerate(sections) if section.kind == "audio"]
    if not audio:
        raise NoAudio("the session description has no audio section")
    audio.sort(key=lambda index: _only_hears(media[index]))
    errors: list[BadSessionDescription | NoOpus] = []
    for index in audio:
        try:
            return _describe(
                session_lines, media[index], sections, index, telephone=telephone
            )
        except (BadSessionDescription, NoOpus) as error:
            errors.append(error)
    raise errors[0]


def _section(lines: list[str], default_mid: str) -> Section:
    match = _MEDIA_LINE.fullmatch(lines[0])
    if match is None:
        raise BadSessionDescription("an m-line does not parse")
    mid = next((li[6:] for li in lines if li.startswith("a=mid:")), default_mid)
    if not _TOKEN.fullmatch(mid):
        raise BadSessionDescription("a mid is not a token")
    return Section(match[1], match[2], match[3], mid)


def _only_hears(lines: list[str]) -> bool:
    """Whether a section is not the one to take while there is another, that may send."""
    return not {"a=recvonly", "a=inactive"}.isdisjoint(lines)


def _describe(
    session_lines: list[str],
    audio_lines: list[str],
    sections: tuple[Section, ...],
    index: int,
    *,
    telephone: bool,
) -> RemoteDescription:
    # Candidates are not read: an ICE-lite agent learns addresses from checks alone, so
    # a description can never make this server send to an address of its choice.
    wanted = [
        line
        for line in (*session_lines, *audio_lines)
        if not line.startswith(("a=candidate", "a=ssrc", "a=extmap", "c="))
    ]
    try:
        parsed = aiortc_sdp.SessionDescription.parse("\r\n".join(wanted) + "\r\n")
    except Exception:
        # The parser promises nothing for input it does not expect: it raises
        # AssertionError, IndexError, KeyError, AttributeError and ValueError alike.
        raise BadSessionDescription("the session description does not parse") from None
    media = parsed.media[0]
    codec, telephone_codec = _choose(media.rtp.codecs, media.fmt, telephone)
    if not media.rtcp_mux:
        raise BadSessionDescription("the audio section must use rtcp-mux")
    if media.ice is None or media.dtls is None or not media.dtls.fingerprints:
        raise BadSessionDescription("ICE or DTLS parameters are missing")
    ufrag, pwd = media.ice.usernameFragment or "", media.ice.password or ""
    if not (_ICE_CHARACTERS.fullmatch(ufrag) and _ICE_CHARACTERS.fullmatch(pwd)):
        raise BadSessionDescription("the ICE user name or password is not valid")
    if not any(f.algorithm.lower() in _HASHES for f in media.dtls.fingerprints):
        raise BadSessionDescription("no fingerprint with a known hash")
    payload_type = _payload_type(codec)
    return RemoteDescription(
        ufrag,
        pwd,
        media.dtls,
        payload_type,
        telephone_codec,
        _red_payload_type(media.rtp.codecs, payload_type),
        any(f.type == "nack" and not f.parameter for f in codec.rtcpFeedback),
        sections,
        index,
    )


def _choose(
    codecs: list[RTCRtpCodecParameters], formats: list[int | str], telephone: bool
) -> tuple[RTCRtpCodecParameters, TelephoneCodec | None]:
    """Return the codec we take. Raises `NoOpus`."""
    for codec in codecs:
        if codec.mimeType.lower() == "audio/opus":
            return codec, None
    if telephone:
        known = {codec.payloadType for codec in codecs}
        static = [p for p in STATIC if p.payloadType in formats]
        for codec in codecs + [p for p in static if p.payloadType not in known]:
            name = codec.mimeType.partition("/")[2].upper()
            if codec.clockRate == RTP_CLOCK_RATE and name in TELEPHONE_NAMES:
                return codec, TelephoneCodec(name)
    raise NoOpus("the audio section does not have Opus")


def _static(name: str, payload_type: int) -> RTCRtpCodecParameters:
    return RTCRtpCodecParameters(
        mimeType=f"audio/{name}",
        clockRate=RTP_CLOCK_RATE,
        channels=1,
        payloadType=payload_type,
    )


# Payload types that need no rtpmap (RFC 3551, table 4), best sound first.
STATIC = (_static("G722", 9), _static("PCMU", 0), _static("PCMA", 8))


def _payload_type(codec: RTCRtpCodecParameters) -> int:
    payload_type = codec.payloadType
    if payload_type is None or not 0 <= payload_type <= 127:
        raise BadSessionDescription("a payload type is not valid")
    return payload_type


def _red_payload_type(codecs: list[RTCRtpCodecParameters], opus: int) -> int | None:
    """Return the payload type of RED whose blocks are all of our Opus."""
    for codec in codecs:
        if codec.mimeType.lower() == "audio/red":
            inside = next(iter(codec.parameters), "")
            if inside and set(str(inside).split("/")) == {str(opus)}:
                return _payload_type(codec)
    return None


TELEPHONE_NAMES = {codec.value for codec in TelephoneCodec}
_HASHES = ("sha-256", "sha-384", "sha-512")


def remote_dtls(description: RemoteDescription) -> RTCDtlsParameters:
    """Return the DTLS parameters with normalised fingerprints."""
    return RTCDtlsParameters(
        fingerprints=[
            RTCDtlsFingerprint(f.algorithm.lower(), f.value.upper())
            for f in description.dtls.fingerprints
        ],
        role=description.dtls.role,
    )


@dataclass(frozen=True, slots=True)
class SenderWishes:
    """What senders are asked for beyond plain sound, if they can do it."""

    red: bool = False
    """Their sound twice (RFC 2198), at up to twice the bytes."""
    dtx: bool = False
    """Next to nothing in silence (RFC 7587, section 3.1.3)."""


def answer(
    remote: RemoteDescription,
    local: LocalTransport,
    session_id: int,
    wishes: SenderWishes = SenderWishes(),
) -> str:
    """
    Write the answer to a sender: its first usable audio section, every other rejected.

    We are the passive side of DTLS unless the client insists on being that itself.
    """
    setup = "active" if remote.dtls.role == "server" else "passive"
    lines = _session(session_id, remote.sections[remote.audio_index].mid)
    for index, section in enumerate(remote.sections):
        if index != remote.audio_index:
            lines += [
                f"m={section.kind} 0 {section.profile} {section.formats}",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{section.mid}",
                "a=inactive",
            ]
            continue
        formats = Formats(
            remote.payload_type,
            remote.red_payload_type if wishes.red else None,
            red_first=True,
            nack=remote.nack,
            telephone=remote.telephone,
            dtx=wishes.dtx,
        )
        lines += _audio(local, section.mid, formats, direction="recvonly", setup=setup)
    return "\r\n".join(lines) + "\r\n"


def offer(local: LocalTransport, session_id: int, stream_id: str, ssrc: int) -> str:
    """Write the offer to a receiver."""
    lines = _session(session_id, "0")
    formats = Formats(OPUS_PAYLOAD_TYPE, RED_PAYLOAD_TYPE, red_first=False, nack=True)
    lines += _audio(local, "0", formats, direction="sendonly", setup="actpass")
    lines += [
        f"a=msid:{stream_id} audio",
        f"a=ssrc:{ssrc} cname:earshot",
    ]
    return "\r\n".join(lines) + "\r\n"


def _session(session_id: int, mid: str) -> list[str]:
    return [
        "v=0",
        f"o=- {session_id} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]


def _audio(
    local: LocalTransport, mid: str, formats: Formats, *, direction: str, setup: str
) -> list[str]:
    address, port = local.candidates[0]
    family = "IP6" if ":" in address else "IP4"
    return [
        f"m=audio {port} UDP/TLS/RTP/SAVPF {formats.in_order}",
        f"c=IN {family} {address}",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        *formats.lines,
        f"a=ice-ufrag:{local.ice_ufrag}",
        f"a=ice-pwd:{local.ice_pwd}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
        *(
            f"a=candidate:{n} 1 udp {_priority(n)} {ip} {port} typ host"
            for n, (ip, port) in enumerate(local.candidates, start=1)
        ),
        "a=end-of-candidates",
    ]


def _priority(rank: int) -> int:
    """RFC 8445, section 5.1.2.1, for a host candidate; rank 1 is the best."""
    return (126 << 24) | ((65536 - rank) << 8) | 255
