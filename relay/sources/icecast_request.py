"""The head of what an Icecast source client sends: an HTTP request, more or less. Pure."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from relay.sources.icecast_answer import Refusal

MAX_HEAD_BYTES = 8 * 1024
MAX_HEADERS = 64

METHODS = frozenset({"PUT", "SOURCE", "GET"})
_VERSIONS = ("HTTP/1.", "ICE/1.")

METADATA = "/admin/metadata"


@dataclass(frozen=True, slots=True)
class IcecastRequest:
    """``headers`` are by their names in lower case; of several of one name the last counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def password(self) -> bytes | None:
        """That of RFC 7617, whoever the user; None without one that can be read."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            decoded = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        _, colon, password = decoded.partition(b":")
        return password if colon else None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def expects_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """The bytes of its body; None: as many as come. A SOURCE goes on in any case."""
        text = self.headers.get("content-length", "")
        if self.method == "SOURCE" or not (text.isascii() and text.isdigit()):
            return None
        return int(text[:18])


def parse(head: bytes) -> IcecastRequest:
    """Read a head, from its first line to the empty one. Raises `Refusal`."""
    if len(head) > MAX_HEAD_BYTES:
        raise Refusal(431, f"a request has at most {MAX_HEAD_BYTES} bytes of headers")
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith(_VERSIONS):
        raise Refusal(400, "this is not a request of a source client")
    method, target, _ = words
    if method not in METHODS:
        raise Refusal(405, "only PUT, SOURCE and a GET of the metadata are served here")
    try:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, encoding="latin-1", max_num_fields=32))
    except ValueError:
        raise Refusal(400, "the path cannot be read") from None
    path = unquote_to_bytes(parts.path).decode(errors="replace")
    return IcecastRequest(method, path, query, _headers(lines))


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if not line:
            break
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or len(headers) >= MAX_HEADERS:
            raise Refusal(400, "its headers cannot be read, or are too many")
        headers[name.strip().lower()] = value.strip()
    return headers
