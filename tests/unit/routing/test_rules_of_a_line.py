"""Who of a line is chosen: by what they know, what they speak, the hours of the channel, and whose week it is."""

from dataclasses import replace
from datetime import date

import pytest

from routing.coverage import Absence
from routing.people import Client, ClientId, Line, LineId, Person, PersonId, Plan, PlanId
from routing.route import Facts, route
from sla.duration import Instant
from tests.unit.routing.made import at, facts, person

NIGHT = at("2026-03-03T23:00+03:00")


def knowing(name: str, *skills: str, languages: tuple[str, ...] = (), hours: str = "office") -> Person:
    return replace(person(name, hours=hours), skills=frozenset(skills), languages=frozenset(languages))


def needing(*skills: str) -> Client:
    return Client(ClientId("acme"), "Acme", PlanId("premium"), skills=frozenset(skills))


def line(*people: Person, client: Client | None = None, kind: str | None = None, language: str = "") -> Facts:
    made = facts(*people, line=[one.id for one in people])
    return replace(made, client=client or made.client, kind=kind, language=language)


@pytest.mark.parametrize(
    ("known", "given"),
    [
        pytest.param(
            line(knowing("ada"), knowing("bob", "shopify"), client=needing("shopify")),
            ("bob", "skilled"),
            id="what the client asks for",
        ),
        pytest.param(
            line(knowing("ada"), knowing("bob", "api"), kind="api"), ("bob", "skilled"), id="the kind of work"
        ),
        pytest.param(
            line(knowing("ada", "api"), knowing("bob", "api", languages=("uk",)), kind="api", language="uk"),
            ("bob", "skilled"),
            id="of those who know it, whoever speaks the language",
        ),
        pytest.param(
            line(knowing("ada", "api"), knowing("bob", languages=("uk",)), kind="api", language="uk"),
            ("ada", "skilled"),
            id="knowing goes before speaking",
        ),
        pytest.param(
            line(knowing("ada"), knowing("bob", languages=("uk", "en")), language="uk"),
            ("bob", "same_language"),
            id="the client's language",
        ),
        pytest.param(
            line(knowing("ada"), knowing("bob", "api", hours="night"), kind="api"),
            ("ada", "least_loaded"),
            id="whoever knows it is not there",
        ),
        pytest.param(line(knowing("ada"), client=needing("cobol")), ("ada", "least_loaded"), id="nobody knows it"),
        pytest.param(line(knowing("ada"), language="uk"), ("ada", "least_loaded"), id="nobody says what they speak"),
    ],
)
def test_the_line_is_asked_in_order(known: Facts, given: tuple[str, str]) -> None:
    found = route(known)
    assert (found.person, found.rule) == given


def covered(moment: Instant, **more: object) -> Facts:
    """Chats are covered in the office's hours; Nina's line answers out of hours, Ada is of the plan's own line."""
    plan = Plan(
        PlanId("premium"),
        "Premium",
        "premium",
        LineId("first"),
        "lead",
        ("inapp",),
        coverage={"inapp": "office"},
        off_hours_line=LineId("night"),
    )
    ada, nina = person("ada", hours="night"), person("nina", hours="night")
    lines = {
        LineId("first"): Line(LineId("first"), (ada.id,), "night"),
        LineId("night"): Line(LineId("night"), (nina.id,), "night"),
    }
    return replace(facts(ada, nina), at=moment, plan=plan, lines=lines, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "given"),
    [
        pytest.param(covered(NIGHT, channel="email"), ("ada", "least_loaded"), id="a channel that is always covered"),
        pytest.param(covered(NIGHT, channel="inapp"), ("nina", "off_hours_line"), id="a channel that is closed"),
        pytest.param(
            covered(NIGHT, channel="inapp", passed_over=frozenset({PersonId("nina")})),
            (None, "waiting_list"),
            id="nobody left",
        ),
    ],
)
def test_a_channel_is_covered_in_its_own_hours(known: Facts, given: tuple[str | None, str]) -> None:
    found = route(known)
    assert (found.person, found.rule) == given


@pytest.mark.parametrize(
    ("moment", "absences", "whose"),
    [
        pytest.param("2026-03-02T00:00+03:00", (), "ada", id="the first Monday"),
        pytest.param("2026-03-08T23:59+03:00", (), "ada", id="the Sunday after"),
        pytest.param("2026-03-09T00:00+03:00", (), "bob", id="the second week"),
        pytest.param("2026-03-16T00:00+03:00", (), "cleo", id="the third week"),
        pytest.param("2026-03-23T12:00+03:00", (), "ada", id="round again"),
        pytest.param("2026-02-23T12:00+03:00", (), "cleo", id="the week before it began"),
        pytest.param("2026-03-10T12:00+03:00", ("bob",), "cleo", id="on leave in their week"),
        pytest.param("2026-03-10T12:00+03:00", ("ada", "bob", "cleo"), "bob", id="everybody on leave"),
    ],
)
def test_one_person_a_week_is_meant(moment: str, absences: tuple[str, ...], whose: str) -> None:
    people = [person(name) for name in ("ada", "bob", "cleo")]
    known = facts(*people, absences=[Absence(PersonId(one), Instant(0), None) for one in absences])
    oncall = Line(LineId("oncall"), tuple(one.id for one in people), "office", turns_from=date(2026, 3, 2))
    assert known.coverage.whose_turn(oncall, known.people, at(moment)) == (whose,)
