"""
The names of other projects that we use although they are private, checked at start.

aiortc does DTLS for us over a transport of our own, and libsrtp is called directly for
the fan-out. Neither is a promise of those projects, so their versions are pinned and a
version that differs is refused in words instead of failing in the middle of a call.
"""

import inspect
from importlib.metadata import version

import pylibsrtp
from aiortc import rtcdtlstransport, sdp
from OpenSSL import SSL
from pylibsrtp import _binding

from relay.errors import SettingsError

KNOWN_VERSIONS = {"aiortc": "1.16.0", "aioice": "0.13.0", "pylibsrtp": "1.0.0"}


def missing_names() -> list[str]:
    """Return what the installed libraries lack of the names we use."""
    dtls = rtcdtlstransport.RTCDtlsTransport
    expected: list[tuple[object, str]] = [
        (dtls, "start"),
        (dtls, "stop"),
        (dtls, "_set_role"),
        (dtls, "_recv_next"),
        (dtls, "_write_ssl"),
        (rtcdtlstransport.RTCCertificate, "_create_ssl_context"),
        (rtcdtlstransport.RTCCertificate, "getFingerprints"),
        (rtcdtlstransport, "SRTP_PROFILES"),
        (rtcdtlstransport.SRTPProtectionProfile, "get_key_and_salt"),
        (SSL.Connection, "export_keying_material"),
        (SSL.Connection, "get_selected_srtp_profile"),
        (sdp.SessionDescription, "parse"),
        (sdp, "grouplines"),
        (_binding.lib, "srtp_protect"),
        (_binding.lib, "srtp_err_status_ok"),
        (pylibsrtp.Session, "protect_rtcp"),
        (pylibsrtp.Session, "unprotect_rtcp"),
    ]
    missing = [
        f"{getattr(owner, '__name__', owner)}.{name}"
        for owner, name in expected
        if not hasattr(owner, name)
    ]
    source = inspect.getsource(dtls)
    missing += [
        f"RTCDtlsTransport: {use}"
        for use in (
            "self._rx_srtp = Session(",
            "self._tx_srtp = Session(",
            "self.transport._recv()",
            "self.transport._send(",
            'self.emit("statechange")',
        )
        if use not in source
    ]
    if not hasattr(pylibsrtp.Session(), "_srtp"):
        missing.append("pylibsrtp.Session()._srtp")
    return missing


def check() -> None:
    """Raise `SettingsError` if the installed libraries are not the ones we know."""
    if missing := missing_names():
        installed = ", ".join(f"{name} {version(name)}" for name in KNOWN_VERSIONS)
        known = ", ".join(f"{name} {number}" for name, number in KNOWN_VERSIONS.items())
        raise SettingsError(
            f"the installed libraries ({installed}) lack {', '.join(missing)}; "
            f"these versions work: {known}"
        )
