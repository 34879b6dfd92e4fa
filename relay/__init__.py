"""
Earshot's relay: packets come in from one microphone and leave to many ears.

The layers, top to bottom; a module imports only from layers below its own, or
from its own folder (``tests/test_architecture.py`` insists):

- L3 ``web``: aiohttp, the one place that speaks HTTP and WebSocket.
- L2 ``webrtc``, ``sources``, ``consumers``: what feeds a stream, what follows it.
- L1 ``signaling``, ``rtp``, ``audio``, ``hub``: pure, and strangers to each other.
- L0 ``errors``, ``events``, ``settings`` and the options: the vocabulary.

One packet's way: ``webrtc.udp_mux`` receives a datagram, ``webrtc.sender_peer``
unprotects it, ``hub.stream`` hands it to ``webrtc.fanout`` (which protects and
sends it to every receiver) and, only while somebody needs sound rather than
packets, to ``consumers.decoder``.
"""

import os

# The matrices here are small: several threads for one of them gain nothing, and as they wait
# for the next one by spinning, they take the processor from those who send sound.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
