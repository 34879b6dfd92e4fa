"""What can be resumed: media sessions by the tokens that their clients were given."""

import secrets
from typing import Generic, TypeVar

from relay.errors import SessionGone

Owner = TypeVar("Owner")


class Sessions(Generic[Owner]):
    """
    The owners of media by token.

    A token is 128 random bits and as good as the socket it was given on: whoever shows
    it goes on in that place. It dies with its owner.
    """

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def owners(self) -> list[Owner]:
        return list(self._owners.values())

    def issue(self, owner: Owner) -> str:
        """Return a new token for what the owner is about to do; older ones are void."""
        self.revoke(owner)
        token = secrets.token_urlsafe(16)
        self._owners[token] = owner
        return token

    def revoke(self, owner: Owner) -> None:
        """Forget an owner. Idempotent."""
        for token in [t for t, o in self._owners.items() if o is owner]:
            del self._owners[token]

    def owner(self, token: str) -> Owner:
        """Raises `SessionGone`."""
        try:
            return self._owners[token]
        except KeyError:
            raise SessionGone("nothing is left to resume; start again") from None
