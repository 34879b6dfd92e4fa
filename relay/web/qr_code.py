"""An address as a picture that phones read."""

import io

import segno

QUIET_ZONE = 4
"""Modules around it that stay light (ISO/IEC 18004, 9.1)."""


def svg_of(address: str) -> bytes:
    """Return a QR code as SVG, dark on light whatever the page looks like."""
    picture = io.BytesIO()
    segno.make(address, micro=False, error="m").save(
        picture,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        nl=False,
    )
    return picture.getvalue()
