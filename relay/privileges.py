"""
Giving up root: what a container starts as root goes on as an ordinary user.

With the last user id that is root's the kernel takes every capability away
(capabilities(7)); a program with set-user-id or file capabilities could give some back,
and is kept from it.
"""

import ctypes
import logging
import os
import pwd
from pathlib import Path

from relay.errors import SettingsError

logger = logging.getLogger(__name__)

PR_SET_NO_NEW_PRIVS = 38

NOBODY = 65534
"""The user and group of a system that has no user of the wanted name."""


def give_up_root(data_dir: Path, user: str | None) -> None:
    """
    Become ``user``, who then owns the data folder; there is no way back.

    Does nothing unless the process is root and ``user`` names somebody else: who
    starts the server by hand as root, without saying more, means it. Call it once
    the files that only root can open have been read, and before anything listens.
    Raises `SettingsError` if the system refuses.
    """
    if os.geteuid() != 0 or user in (None, "", "root"):
        return
    uid, gid = _ids_of(user)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        take_over(data_dir, uid, gid)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        raise SettingsError(
            f"cannot become the user {user!r}: {error};"
            " start as that user, or set RELAY_USER=root to stay root"
        ) from None
    logger.info("gave up root: now user %d, group %d", uid, gid)


def gain_no_rights() -> None:
    """See to it that neither this process nor what it starts ever gets more rights (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        logger.warning("this system does not forbid to gain rights: %s", reason)


def _ids_of(user: str) -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        logger.warning("no user %r here; using number %d", user, NOBODY)
        return NOBODY, NOBODY
    return entry.pw_uid, entry.pw_gid


def take_over(folder: Path, uid: int, gid: int) -> None:
    """Make the folder and all in it the user's. Links are changed, never followed."""
    os.chown(folder, uid, gid)
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(Path(parent, name), uid, gid, follow_symlinks=False)
