"""How a stream is called: an id per media session, and a name that outlives sessions."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import uuid4

from relay.errors import BadName

NAME_LENGTH = 40

# Words that the addresses of the audio server use themselves.
RESERVED_SLUGS = frozenset({"latest", "status"})


def new_stream_id() -> str:
    """
    Return the id of a new media session.

    Existing clients never subscribe twice to one id, and show its first eight
    characters, so the form ``stream_<uuid4>`` is part of the protocol.
    """
    return f"stream_{uuid4()}"


def slug_of(name: str) -> str:
    """Return the name's address: lower case letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss"))
    ascii_only = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


@dataclass(frozen=True, slots=True)
class StreamName:
    """A checked name and the slug that stands for it in addresses."""

    text: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> "StreamName":
        """Check a name that came from outside. Raises `BadName`, saying which rule it breaks."""
        text = " ".join(text.split())
        if not text or len(text) > NAME_LENGTH:
            raise BadName(f"a stream name has 1 to {NAME_LENGTH} characters")
        if not text.isprintable():
            raise BadName("a stream name is plain text")
        slug = slug_of(text)
        if not slug:
            raise BadName("a stream name needs a letter a-z or a digit for its address")
        if slug in RESERVED_SLUGS or text.lower().startswith("stream_"):
            raise BadName(f"the name {text!r} is reserved")
        return cls(text, slug)
