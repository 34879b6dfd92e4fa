"""The configuration profile by which iPhones and iPads take over an authority."""

import plistlib
import uuid

from relay.tls.authority import Authority
from relay.tls.server_certificate import fingerprint

CONTENT_TYPE = "application/x-apple-aspen-config"
IDENTIFIER = "io.github.earshot-audio.authority"


def profile_of(authority: Authority) -> bytes:
    """
    Return an unsigned profile with the authority's certificate and nothing else.

    The same authority always has the same profile, so that installing it again
    replaces it.
    """
    seed = fingerprint(authority.certificate)
    identifier = f"{IDENTIFIER}.{seed[:11].replace(':', '').lower()}"
    payload = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.certificate",
        "PayloadUUID": _uuid(f"{seed} certificate"),
        "PayloadDisplayName": "Earshot's authority",
        "PayloadDescription": "Lets this device trust the Earshot server of this house.",
        "PayloadCertificateFileName": "earshot-ca.crt",
        "PayloadContent": authority.der,
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": identifier,
            "PayloadUUID": _uuid(seed),
            "PayloadDisplayName": "Earshot",
            "PayloadDescription": (
                "With this, Safari opens Earshot's pages in your house over https, where they"
                " may use the microphone. It is made for addresses of the house alone."
            ),
            "PayloadOrganization": "Earshot",
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [payload],
        }
    )


def _uuid(seed: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{IDENTIFIER}/{seed}")).upper()
