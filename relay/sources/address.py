"""Where the sound of a source comes from: an address on an allow-list, shown without secrets."""

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from relay.errors import BadAddress

MAX_LENGTH = 2048

# What libavformat, ALSA or a server could take for more than a part of an address.
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\\]")

# ALSA's own language of devices can name files and commands, so only plain names pass.
_DEVICE = re.compile(
    r"default|pulse|pipewire"
    r"|(?:hw|plughw|sysdefault|dsnoop)(?::[A-Za-z0-9_=-]+(?:,[A-Za-z0-9_=-]+)*)?"
)


class Scheme(enum.StrEnum):
    """What kind of source an address leads to; there are no others."""

    HTTP = "http"
    HTTPS = "https"
    RTSP = "rtsp"
    FILE = "file"
    MICROPHONE = "microphone"


OVER_THE_NETWORK = frozenset({Scheme.HTTP, Scheme.HTTPS, Scheme.RTSP})


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """A checked address. ``shown`` is fit for logs and the API, ``target`` is for opening alone."""

    scheme: Scheme
    target: str = field(repr=False)
    """The whole URL, the path of a file, or the name of a device."""
    shown: str

    @classmethod
    def parse(cls, text: str) -> "SourceAddress":
        """Check an address that came from outside. Raises `BadAddress`; its text has no secret."""
        text = text.strip()
        if not text or len(text) > MAX_LENGTH:
            raise BadAddress(f"an address has 1 to {MAX_LENGTH} characters")
        scheme = _scheme(text)
        rest = text.partition(":")[2]
        if scheme is Scheme.FILE:
            return cls(scheme, _path(rest), f"file:{_path(rest)}")
        if _UNPRINTABLE.search(text):
            raise BadAddress("an address has no spaces and no control characters")
        if scheme is Scheme.MICROPHONE:
            device = _device(rest)
            return cls(scheme, device, f"microphone:{device}")
        return cls(scheme, f"{scheme}:{rest}", _masked(_split(text)))

    @property
    def is_private(self) -> bool:
        """Whether it is written as an IP address of this machine or of a private network."""
        host = urlsplit(self.target).hostname if self.over_the_network else None
        try:
            ip = ipaddress.ip_address(host or "")
        except ValueError:
            return False  # a name may lead anywhere, and elsewhere the next time
        ip = getattr(ip, "ipv4_mapped", None) or ip
        # Link-local is nobody's network, and in clouds it is where secrets are handed out.
        return ip.is_private and not (ip.is_unspecified or ip.is_link_local)

    @property
    def over_the_network(self) -> bool:
        return self.scheme in OVER_THE_NETWORK


def _scheme(text: str) -> Scheme:
    try:
        return Scheme(text.partition(":")[0].lower())
    except ValueError:
        known = ", ".join(f"{scheme}:" for scheme in Scheme)
        raise BadAddress(f"an address begins with one of {known}") from None


def _path(rest: str) -> str:
    """Return the path in ``file:name``, ``file:/name`` or ``file:///name``."""
    path = rest.removeprefix("//")
    if not path or not path.isprintable():
        raise BadAddress("an address of a file is file: and its path")
    return path


def _device(rest: str) -> str:
    device = rest or "default"
    if not _DEVICE.fullmatch(device):
        raise BadAddress(
            "a microphone is microphone:default, or the plain name of an ALSA device"
            " such as microphone:plughw:1,0"
        )
    return device


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        if parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # brackets that do not match, or a port that is no number
        pass
    raise BadAddress("the address names no host, or a port that cannot be")


def _masked(parts: SplitResult) -> str:
    """
    Leave out who logs in, and everything behind a question mark: tokens live there.

    So does a path with an equals sign: some cameras have the password in it.
    """
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    query = "?..." if parts.query or parts.fragment else ""
    path = "/..." if "=" in parts.path else parts.path
    return f"{parts.scheme}://{host}{port}{path}{query}"
