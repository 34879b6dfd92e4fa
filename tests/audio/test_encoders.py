"""Tests of relay/audio/encoders.py: what players get can be decoded from any frame on."""

import io
import itertools
import struct

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from relay.audio.encoders import Mp3Encoder, encoder_of, header_of
from relay.audio.formats import AAC, FLAC, MP3, OGG, WAV, AudioFormat, Encoding
from relay.audio.level import rms_dbfs
from tests.fakes import pitch, sine

Pcm = NDArray[np.int16]
SECOND = 48_000
PIECE = 960

ENCODED = [MP3, AAC, FLAC, WAV]


def encoding(audio: AudioFormat, **wishes: int) -> Encoding:
    return Encoding.chosen(audio, default_bps=96_000, **wishes)


def decoded(data: bytes, kind: str = "mp3") -> Pcm:
    """Return the first channel as an independent decoder hears it."""
    with av.open(io.BytesIO(data), format=kind) as container:
        resampler = av.AudioResampler("s16p", "mono", SECOND)
        frames = [
            frame.to_ndarray()[0]
            for packet in container.decode(audio=0)
            for frame in resampler.resample(packet)
        ]
    pcm: Pcm = np.concatenate(frames)
    return pcm


def pieces_of(wanted: Encoding, pcm: Pcm, piece: int = PIECE) -> list[bytes]:
    encoder = encoder_of(wanted)
    made = [encoder.encode(pcm[i : i + piece]) for i in range(0, len(pcm), piece)]
    return [data for data in made if data]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("audio", ENCODED, ids=lambda audio: audio.extension)
def test_who_begins_in_the_middle_hears_the_tone(
    audio: AudioFormat, channels: int
) -> None:
    """The header, and then the frames from any of them on: the pitch and the level are right."""
    wanted = encoding(audio, channels=channels)
    made = pieces_of(wanted, sine(1000, -20, 3 * SECOND))
    data = header_of(wanted) + b"".join(made[len(made) // 2 :])
    kind = audio.extension
    pcm = decoded(data, kind)
    assert pitch(pcm[SECOND // 4 : SECOND]) == pytest.approx(1000, abs=3)
    assert rms_dbfs(pcm[SECOND // 4 : SECOND]) == pytest.approx(-23, abs=0.7)


@pytest.mark.parametrize("audio", ENCODED, ids=lambda audio: audio.extension)
@pytest.mark.parametrize("channels", [1, 2])
def test_players_are_told_the_channels(audio: AudioFormat, channels: int) -> None:
    wanted = encoding(audio, channels=channels)
    data = header_of(wanted) + b"".join(pieces_of(wanted, sine(500, -20, SECOND)))
    with av.open(io.BytesIO(data), format=audio.extension) as container:
        stream = container.streams.audio[0]
        assert (stream.channels, stream.rate) == (channels, SECOND)


@pytest.mark.parametrize("audio", [FLAC, WAV], ids=lambda audio: audio.extension)
def test_nothing_is_lost_where_nothing_may_be(audio: AudioFormat) -> None:
    """Every sample comes back as it was."""
    noise = np.random.default_rng(1).integers(-9000, 9000, SECOND).astype(np.int16)
    wanted = encoding(audio)
    pcm = decoded(
        header_of(wanted) + b"".join(pieces_of(wanted, noise)), audio.extension
    )
    assert len(pcm) > SECOND - 2000
    assert np.array_equal(pcm, noise[: len(pcm)])


@pytest.mark.parametrize("audio", ENCODED, ids=lambda audio: audio.extension)
def test_sound_in_pieces_of_any_length_is_one_sound(audio: AudioFormat) -> None:
    """As concealment and the correction of clocks make them; an empty one too."""
    wanted, tone = encoding(audio), sine(1000, -20, SECOND)
    encoder = encoder_of(wanted)
    cuts = [0, 1, 1, 121, 1900, 1901, 9000, 30_000, SECOND]
    made = [encoder.encode(tone[a:b]) for a, b in itertools.pairwise(cuts)]
    pcm = decoded(header_of(wanted) + b"".join(made), audio.extension)
    assert pitch(pcm[4000:20_000]) == pytest.approx(1000, abs=4)


def test_an_adts_header_tells_the_length_of_its_frame() -> None:
    """So a player that lost its place finds the next frame."""
    for data in pieces_of(encoding(AAC), sine(1000, -20, SECOND)):
        assert data[0] == 0xFF
        assert data[1] & 0xF6 == 0xF0
        length = int.from_bytes(data[3:6], "big") >> 5 & 0x1FFF
        assert data[length : length + 2] in (b"", data[:2])


def test_a_wav_header_promises_no_end() -> None:
    """The sizes are the largest that there are, and players play on."""
    header = header_of(encoding(WAV, channels=2))
    assert len(header) == 44
    assert struct.unpack("<I", header[4:8]) == struct.unpack("<I", header[40:44])
    assert header[4:8] == b"\xff" * 4


def test_a_wish_is_made_what_the_format_can() -> None:
    """Ogg has the sender's packets, and what loses nothing has no bit rate."""
    assert encoding(OGG, bitrate_bps=64_000, channels=1) == Encoding(OGG, None, 2)
    assert encoding(FLAC, bitrate_bps=64_000) == Encoding(FLAC, None, 1)
    assert encoding(MP3, bitrate_bps=64_000) == Encoding(MP3, 64_000, 1)
    assert encoding(MP3) == Encoding(MP3, 96_000, 1)


def mp3_of(pcm: Pcm, piece: int) -> list[bytes]:
    encoder = Mp3Encoder(96_000)
    made = [encoder.encode(pcm[i : i + piece]) for i in range(0, len(pcm), piece)]
    return [*made, encoder.close()]


@pytest.mark.parametrize("piece", [120, 960, 1152, 5760])
def test_a_tone_comes_back_from_mp3(piece: int) -> None:
    """In pieces of any length, at the same pitch and level."""
    pcm = decoded(b"".join(mp3_of(sine(1000, -20, 2 * SECOND), piece)))
    assert pitch(pcm[SECOND // 2 : SECOND]) == pytest.approx(1000, abs=2)
    assert rms_dbfs(pcm[SECOND // 2 : SECOND]) == pytest.approx(-23, abs=0.5)


def test_mp3_comes_in_whole_frames_of_the_bit_rate() -> None:
    """Each piece of output begins with a frame's header; 96 kbit/s are 288 bytes in 24 ms."""
    made = [data for data in mp3_of(sine(1000, -20, SECOND), 960) if data]
    assert all(data[:2] == b"\xff\xfb" and len(data) % 288 == 0 for data in made)


def test_a_listener_may_begin_with_any_mp3_frame() -> None:
    """No frame needs bits of an earlier one: its back reference is 0."""
    for data in mp3_of(
        np.random.default_rng(1).integers(-8000, 8000, SECOND).astype(np.int16), 960
    ):
        for start in range(0, len(data), 288):
            main_data_begin = data[start + 4] << 1 | data[start + 5] >> 7
            assert main_data_begin == 0


def test_mp3_leaves_the_encoder_soon() -> None:
    """The first frame is there after less than 60 ms of sound."""
    encoder = Mp3Encoder(96_000)
    tone = sine(1000, -20, SECOND)
    needed = next(n for n in range(0, SECOND, 480) if encoder.encode(tone[n : n + 480]))
    assert needed / SECOND < 0.06


def test_nothing_in_gives_nothing_out() -> None:
    """An encoder that was never used closes without a frame."""
    encoder = Mp3Encoder()
    assert encoder.encode(np.zeros(0, np.int16)) == b""
    assert encoder.close() == b""
