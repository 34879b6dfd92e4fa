"""
Titles between the sound, as SHOUTcast invented them and Icecast sends them (ICY metadata).

After every ``metaint`` bytes of sound there is one block: a byte that counts 16ths of what
follows, and ``StreamTitle='...';`` filled up with NUL. A block of length 0 says that the
title is still the same.
"""

METAINT = 16_000
"""Bytes of sound between two blocks; Icecast's, and so what players are tried with."""

UNIT = 16
MAX_BLOCK_BYTES = 255 * UNIT
NO_NEWS = b"\x00"

_BEFORE, _AFTER = b"StreamTitle='", b"';"
_MAX_TITLE_BYTES = MAX_BLOCK_BYTES - len(_BEFORE) - len(_AFTER) - 1


class IcyFramer:
    """Puts blocks into the sound of one listener. The first block always has the title."""

    def __init__(self, metaint: int = METAINT) -> None:
        self.metaint = metaint
        self.title = ""
        """Who speaks; may change at any time, and is told in the next block."""
        self._told: str | None = None
        self._until_block = metaint

    def frame(self, data: bytes) -> bytes:
        """Return the sound with the blocks that are due in or right after it."""
        if len(data) < self._until_block:
            self._until_block -= len(data)
            return data
        parts: list[bytes] = []
        begin = 0
        while len(data) - begin >= self._until_block:
            end = begin + self._until_block
            parts += (data[begin:end], self._block())
            begin, self._until_block = end, self.metaint
        parts.append(data[begin:])
        self._until_block -= len(data) - begin
        return b"".join(parts)

    def _block(self) -> bytes:
        if self.title == self._told:
            return NO_NEWS
        self._told = self.title
        return metadata_block(self.title)


def metadata_block(title: str) -> bytes:
    """
    Return the block for a title, which is UTF-8 and cut at a character if it is too long.

    As Icecast does it, quotes stay as they are, because players read up to ``';``, and the
    text is always followed by a NUL. What would end the title early is taken out.
    """
    text = _BEFORE + _cut(_harmless(title).encode(), _MAX_TITLE_BYTES) + _AFTER
    units = len(text) // UNIT + 1
    return bytes([units]) + text.ljust(units * UNIT, b"\x00")


def _harmless(title: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in title)
    return plain.replace("';", "\N{RIGHT SINGLE QUOTATION MARK};")


def _cut(text: bytes, most: int) -> bytes:
    return text[:most].decode(errors="ignore").encode()
