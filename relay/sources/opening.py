"""How an address or a pipe becomes a container. Everything here blocks: for a source's own thread."""

import errno
import os
import ssl
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

from relay.sources.address import Scheme, SourceAddress
from relay.sources.byte_pipe import BytePipe
from relay.sources.failure import SourceFailed, in_words
from relay.sources.microphone import open_microphone

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0

# A playlist or a list of files would make libavformat open what nobody configured, so
# the formats are those alone that hold their sound themselves.
FORMATS = "aac,aiff,caf,flac,matroska,webm,mov,mp3,mpegts,ogg,wav,w64"

PROBE_BYTES = 64 * 1024
"""Of a pipe; a file may begin with a large picture."""
ANALYSE_S = 0.2
"""Enough to know a sound; the usual 5 s would be delay."""
BUFFER_BYTES = 2048
"""Small: a source at 16 kbit/s needs a second to fill it."""

_COMMON = {
    "probesize": str(PROBE_BYTES),
    "analyzeduration": str(round(ANALYSE_S * 1_000_000)),
    "user_agent": "Earshot",
}
_OF_A_PIPE = {"formatprobesize": str(PROBE_BYTES)}

_PROTOCOLS = {
    Scheme.HTTP: "http,https,tcp,tls",
    Scheme.HTTPS: "http,https,tcp,tls",
    Scheme.RTSP: "rtsp,rtp,tcp",
}


@contextmanager
def opened(
    address: SourceAddress, media_dir: Path | None, *, may_redirect: bool = True
) -> Iterator[InputContainer]:
    """
    Open what an address leads to, for the length of a ``with`` block. Raises `SourceFailed`.

    Without ``may_redirect`` the server that is asked cannot send us to another one.
    """
    if address.scheme is Scheme.FILE:
        with (
            _file(media_file(address.target, media_dir)) as file,
            _reader(file, FORMATS) as container,
        ):
            yield container
    elif address.scheme is Scheme.MICROPHONE:
        with open_microphone(address.target) as container:
            yield container
    else:
        with _over_the_network(address, may_redirect) as container:
            yield container


@contextmanager
def opened_pipe(pipe: BytePipe, formats: str) -> Iterator[InputContainer]:
    """Open what comes out of a pipe as one of some formats, by libavformat's names."""
    with _reader(pipe, formats, _OF_A_PIPE) as container:
        yield container


def _over_the_network(address: SourceAddress, may_redirect: bool) -> InputContainer:
    options = _COMMON | {"protocol_whitelist": _PROTOCOLS[address.scheme]}
    if address.scheme is Scheme.RTSP:
        # Over TCP: no ports of our own, and nothing a firewall has to know.
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "audio"}
    else:
        options |= {"format_whitelist": FORMATS}
        options |= _trusting_certificates()
        options |= {} if may_redirect else {"max_redirects": "0"}
    try:
        return av.open(
            address.target,
            format="rtsp" if address.scheme is Scheme.RTSP else None,
            options=options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        # All that libavformat says of a certificate that it refuses.
        if address.scheme is Scheme.HTTPS and getattr(error, "errno", 0) == errno.EIO:
            raise SourceFailed(
                "no connection, or its certificate is not trusted"
            ) from None
        raise SourceFailed(in_words(error)) from None


def _trusting_certificates() -> dict[str, str]:
    """Whom this system trusts, or `SSL_CERT_FILE`: an address may hold a password."""
    authorities = ssl.get_default_verify_paths().cafile
    return {"tls_verify": "1"} | ({"ca_file": authorities} if authorities else {})


def media_file(path: str, media_dir: Path | None) -> Path:
    """
    Return a file below the media folder, wherever the path and its links may point.

    Raises `SourceFailed` for anything else, in the same words whether it exists or not.
    """
    if media_dir is None:
        raise SourceFailed("files can be played once the option media_dir is set")
    with suppress(
        OSError, ValueError, RuntimeError
    ):  # it is not there, or links to itself
        folder = media_dir.resolve(strict=True)
        file = (folder / path).resolve(strict=True)
        if file.is_relative_to(folder) and file.is_file():
            return file
    raise SourceFailed("there is no such file in the folder of the option media_dir")


def _file(path: Path) -> BinaryIO:
    """Open a regular file. A link or a pipe that was put there just now is refused."""
    try:
        file = open(path, "rb", opener=_carefully)  # noqa: SIM115 - its caller closes it
    except OSError as error:
        raise SourceFailed(in_words(error)) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SourceFailed("only a regular file can be played")
    return file


def _carefully(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _reader(
    reader: BytePipe | BinaryIO, formats: str, more: Mapping[str, str] = {}
) -> InputContainer:
    """Have libavformat read from us; it opens nothing by itself."""
    options = {"format_whitelist": formats, "protocol_whitelist": "none"}
    try:
        return av.open(
            reader,
            "r",
            options={**_COMMON, **options, **more},
            buffer_size=BUFFER_BYTES,
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError) as error:
        raise SourceFailed(in_words(error)) from None
