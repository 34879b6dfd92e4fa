"""Tests of relay/web/alert_api.py, and of what open pages are told: those who may hear it."""

from relay.consumers.alert_rule import AlertRule
from relay.events import SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.web.house_rules import HouseRules, Rule
from tests.web.house import House

ATTIC_IS_ANNAS = Rule.parse(
    {"who": "Anna", "may": "listen", "streams": "Attic"}, "rules[0]"
)
CRY = {
    "id": "7f",
    "kind": "cry",
    "stream": "nursery",
    "name": "Nursery",
    "began_at": 1_790_000_000.5,
    "level_dbfs": -12.5,
}


def notice(house: House, stream: str) -> None:
    event = SoundEvent(
        "7f", SoundEventKind.CRY, stream, "stream_1", 1_790_000_000.5, None, -12.5
    )
    house.events.publish(SoundNoticed(event))


async def test_who_may_hear_a_stream_is_told_of_its_alerts() -> None:
    """At once on pages that ask for details, and later over HTTP; of others they learn nothing."""
    rule = AlertRule.parse({"streams": "*", "kinds": "cry"}, "alerts[0]")
    rules = HouseRules([ATTIC_IS_ANNAS])
    async with House(rules=rules, alerts=[rule]) as house:
        page, old = await house.client(details=True), await house.client()
        notice(house, "attic")
        notice(house, "nursery")
        told = [m for m in await page.heard() if m["type"] == "alert"]
        assert told == [{"type": "alert"} | CRY]
        assert await old.heard() == []
        async with house.session.get("/api/alerts") as answer:
            assert await answer.json() == {"alerts": [CRY]}
