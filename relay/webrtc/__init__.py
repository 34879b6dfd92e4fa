"""WebRTC on one UDP port: the only code that touches aiortc, aioice and pylibsrtp."""
