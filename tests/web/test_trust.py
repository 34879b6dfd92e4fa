"""Tests of relay/web/trust.py: what somebody may do."""

import pytest

from relay.web.trust import (
    AT_HOME,
    EVERYTHING,
    Need,
    Role,
    Trust,
    Visitor,
    need_of,
    needs,
)

STRANGER = Visitor(Trust.NONE, "192.168.1.7")
PROGRAM = Visitor(Trust.NONE, "127.0.0.1", here=True)
GUEST = Visitor(Trust.LAN, "192.168.1.7", AT_HOME)
SPEAKER = Visitor(Trust.PAIRED, "192.168.1.7", frozenset({Role.LISTEN}))
MONITOR = Visitor(Trust.SIGNED, "192.168.1.7", frozenset({Role.MONITOR}))
OWNER = Visitor(Trust.INGRESS, "172.30.32.2", EVERYTHING)


@pytest.mark.parametrize(
    ("visitor", "allowed"),
    [
        (STRANGER, {Need.NOTHING}),
        (PROGRAM, {Need.NOTHING, Need.STATE}),
        (GUEST, set(Need) - {Need.ADMIN}),
        (SPEAKER, {Need.NOTHING, Need.STATE, Need.MEMBER, Need.LISTEN}),
        (OWNER, set(Need)),
        (MONITOR, {Need.NOTHING, Need.STATE}),
    ],
)
def test_who_may_do_what(visitor: Visitor, allowed: set[Need]) -> None:
    """Being at home is never a right to change anything."""
    assert {need for need in Need if visitor.may(need)} == allowed


def test_an_admin_may_do_all() -> None:
    """Without the other roles by name."""
    admin = Visitor(Trust.PAIRED, "192.168.1.7", frozenset({Role.ADMIN}))
    assert all(admin.may(need) for need in Need)


def test_a_handler_declares_what_it_needs() -> None:
    """A method does so as well as a function; silence is noticed."""

    class Desk:
        @needs(Need.ADMIN)
        async def change(self) -> None: ...

        async def forgotten(self) -> None: ...

    assert need_of(Desk().change) is Need.ADMIN
    assert need_of(Desk().forgotten) is None
