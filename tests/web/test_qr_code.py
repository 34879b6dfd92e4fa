"""An address as a picture."""

import re
import xml.etree.ElementTree as ElementTree

import segno

from relay.web.qr_code import QUIET_ZONE, svg_of

ADDRESS = "http://192.168.178.23:8080/trust.html"
SVG = "{http://www.w3.org/2000/svg}"


def dark_modules(path: str) -> set[tuple[int, int]]:
    """Return column and row of what a path of horizontal strokes covers."""
    x, y, dark = 0.0, 0.0, set()
    for command, first, second in re.findall(
        r"([Mmh])(-?[\d.]+)(?:[ ,](-?[\d.]+))?", path
    ):
        if command == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(first))}
            x += int(first)
        elif command == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second)
    return dark


def test_it_is_drawn_as_it_was_computed() -> None:
    """Dark on light, each module one unit, with its quiet zone around it."""
    root = ElementTree.fromstring(svg_of(ADDRESS))
    light, dark = root.findall(f"{SVG}path")
    assert light.get("fill") == "#fff"
    assert dark.get("stroke") == "#000"
    matrix = segno.make(ADDRESS, micro=False, error="m").matrix
    size = len(matrix) + 2 * QUIET_ZONE
    assert root.get("viewBox") == f"0 0 {size} {size}"
    assert dark_modules(dark.get("d") or "") == {
        (column + QUIET_ZONE, row + QUIET_ZONE)
        for row, modules in enumerate(matrix)
        for column, module in enumerate(modules)
        if module
    }


def test_it_brings_nothing_with_it() -> None:
    """No script, no style, no address of anybody."""
    text = svg_of(ADDRESS).decode()
    tags = {element.tag for element in ElementTree.fromstring(text).iter()}
    assert tags == {f"{SVG}svg", f"{SVG}path"}
    assert "style" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
