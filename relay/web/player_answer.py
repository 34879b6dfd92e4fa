"""The headers of an answer that is the sound of a stream: what players go by."""

from relay.audio.formats import Encoding
from relay.audio.icy import METAINT
from relay.settings import KBIT_PER_S
from relay.web.player_request import PlayerRequest

PRODUCT = "Earshot"

FOR_THIS_MACHINE = {"Cross-Origin-Resource-Policy": "same-site"}
"""
Pages on any port of this machine may let it play, as dashboards do, and no others.

Over plain http a page can hide what it is, so that browsers have to keep the sound from
it; to the pages of an option `relay.web.cross_origin` gives more.
"""

NO_STORE = {"Cache-Control": "no-cache, no-store", "X-Content-Type-Options": "nosniff"}
"""For everything that is true only now."""

VARIES = {"Vary": "Accept, Range, Icy-MetaData"}
"""One address is a page to a person and sound to a player."""

# DLNA guidelines, 7.4.1.3: the sender sets the pace, beginning and end move on, the
# transfer is a stream, and the flags are those of version 1.5.
_DLNA_FLAGS = 1 << 31 | 1 << 27 | 1 << 26 | 1 << 24 | 1 << 20


def answer_headers(
    request: PlayerRequest, name: str, encoding: Encoding
) -> dict[str, str]:
    """
    Return the headers for the sound that a name stands for.

    There is no length and there are no chunks: the answer lasts until the connection is
    closed. The ``icy`` headers make VLC come back by itself when it was lost.
    """
    headers = {
        "Content-Type": encoding.audio.content_type,
        "icy-name": header_text(name) or PRODUCT,
        "icy-pub": "0",
        "Accept-Ranges": "none",
        "Connection": "close",
        **NO_STORE,
        **VARIES,
        **FOR_THIS_MACHINE,
    }
    if encoding.bitrate_bps is not None:
        headers["icy-br"] = str(encoding.bitrate_bps // KBIT_PER_S)
    if request.icy:
        headers["icy-metaint"] = str(METAINT)
    if request.dlna:
        headers["transferMode.dlna.org"] = "Streaming"
        headers["contentFeatures.dlna.org"] = dlna_features(encoding.audio.dlna_profile)
    return headers


def header_text(text: str) -> str:
    """Return text that is one line of a header; letters that are no Latin go as UTF-8."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def dlna_features(profile: str | None) -> str:
    """Say that it is live: no seeking (OP=00), and as it was recorded (CI=0)."""
    features = f"DLNA.ORG_OP=00;DLNA.ORG_CI=0;DLNA.ORG_FLAGS={_DLNA_FLAGS:08X}{0:024d}"
    return f"DLNA.ORG_PN={profile};{features}" if profile else features
