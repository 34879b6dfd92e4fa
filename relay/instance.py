"""Which Earshot this is: an id that is made once, and stays with the data."""

import logging
import uuid
from pathlib import Path

from relay.private_file import PrivateFile

logger = logging.getLogger(__name__)

FILE_NAME = "instance.json"


async def instance_id(folder: Path) -> str:
    """
    Return 32 hexadecimal digits, no secret, the same after a restart.

    If the folder cannot be written they last as long as the process.
    """
    file = PrivateFile(folder / FILE_NAME)
    known = file.load(lambda content: uuid.UUID(content["id"]).hex)
    if known is not None:
        return known
    made = uuid.uuid4().hex
    try:
        await file.save({"id": made})
    except OSError as error:
        logger.error("the id of this installation cannot be kept: %s", error.strerror)
    return made
