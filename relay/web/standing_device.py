"""A program of this very machine that is let in without a code, once, and can be revoked."""

from relay.private_file import PrivateFile
from relay.web.devices import Devices, Kind
from relay.web.trust import EVERYTHING


async def standing_token(devices: Devices, file: PrivateFile, name: str) -> str | None:
    """
    Return the token of the device ``name``, which is let in at the first call.

    None if somebody has revoked it since: then it has to be let in like any other.
    Raises `OSError` or `CapacityExceeded`.
    """
    known = file.load(lambda content: str(content["token"]))
    if known is not None:
        return known if devices.of_token(known) else None
    _, token = await devices.add(name, Kind.DEVICE, EVERYTHING)
    await file.save({"token": token})
    return token
