"""The rules by themselves, where a story would need too many people."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routing.coverage import Absence
from routing.people import Line, LineId, PersonId, Role
from routing.route import RULES, WAITING_LIST, Assignment, Facts, route
from tests.unit.routing.made import at, facts, person

VERA, OLEG, MIRA = person("vera", backup="oleg"), person("oleg"), person("mira")
OWL = person("owl", hours="night")
TODAY = (at("2026-03-03T00:00+03:00"), at("2026-03-04T00:00+03:00"))


def test_whoever_stands_in_is_named_on_the_leave_first() -> None:
    leave = Absence(PersonId("vera"), *TODAY, backup=PersonId("mira"))
    found = route(facts(VERA, OLEG, MIRA, manager="vera", backup="oleg", line=["oleg"], absences=[leave]))
    assert found == Assignment(PersonId("mira"), "backup")


def test_a_backup_who_is_away_yields_to_the_next_one() -> None:
    leave = Absence(PersonId("vera"), *TODAY, backup=PersonId("owl"))
    found = route(facts(VERA, OLEG, MIRA, OWL, manager="vera", backup="mira", line=["oleg"], absences=[leave]))
    assert found == Assignment(PersonId("mira"), "backup")


def test_somebody_who_was_passed_over_is_not_asked_again() -> None:
    asked = facts(VERA, OLEG, MIRA, manager="vera", line=["oleg", "mira"], passed_over=frozenset({VERA.id, OLEG.id}))
    assert route(asked) == Assignment(PersonId("mira"), "least_loaded")


def test_people_the_desk_does_not_know_any_more_are_no_choice() -> None:
    assert route(facts(MIRA, manager="gone", line=["mira"], assignee=PersonId("left"))).person == "mira"


def test_capacity_binds_the_line_and_never_the_clients_own_manager() -> None:
    full = person("vera", room=1)
    assert route(facts(full, MIRA, manager="vera", line=["mira"], load={full.id: 9})).person == "vera"
    assert route(facts(full, MIRA, line=["vera", "mira"], load={full.id: 1, MIRA.id: 5})).person == "mira"


def test_where_nobody_is_there_the_ticket_waits() -> None:
    assert route(facts(OWL, manager="owl", line=["owl"])) == Assignment(None, WAITING_LIST)


def test_a_kind_of_work_nobody_claims_stays_on_the_first_line() -> None:
    assert route(facts(OLEG, line=["oleg"], kind="script")).rule == "least_loaded"


NAMES = st.sampled_from(["ann", "bob", "cy", "dee", "eve"])
ANYBODY = st.none() | NAMES
PEOPLE = st.lists(
    st.builds(
        person,
        NAMES,
        st.sampled_from(list(Role)),
        hours=st.sampled_from(["office", "night"]),
        backup=ANYBODY,
        room=st.sampled_from([None, 1, 2]),
    ),
    unique_by=lambda one: one.id,
)


@st.composite
def questions(draw: st.DrawFn) -> Facts:
    """Any few people, any hour, any load."""
    people = draw(PEOPLE)
    ids = [one.id for one in people]
    asked = facts(*people, line=ids[:3], manager=draw(ANYBODY), backup=draw(ANYBODY))
    second = Line(LineId("second"), tuple(ids[3:]), "office", frozenset({"script"}))
    assignee = draw(ANYBODY)
    return replace(
        asked,
        at=at(f"2026-03-03T{draw(st.integers(0, 23)):02}:30+03:00"),
        plan=replace(asked.plan, is_senior=draw(st.booleans())),
        lines={**asked.lines, second.id: second},
        assignee=PersonId(assignee) if assignee else None,
        kind=draw(st.sampled_from([None, "script"])),
        load=draw(st.dictionaries(NAMES.map(PersonId), st.integers(0, 3))),
    )


@given(questions())
def test_whoever_gets_a_ticket_is_there_and_where_it_waits_no_rule_knew_anybody(asked: Facts) -> None:
    found = route(asked)
    assert route(asked) == found
    if found.person is None:
        assert found.rule == WAITING_LIST
        assert not any(rule(asked) for rule in RULES)
    else:
        assert found.rule in {rule.__name__ for rule in RULES}
        assert asked.on_shift(found.person) == found.person


def test_who_stands_in_for_an_assignee_on_leave_gets_their_ticket_whoever_the_client_is() -> None:
    leave = Absence(PersonId("vera"), *TODAY, backup=PersonId("mira"))
    asked = facts(VERA, OLEG, MIRA, line=["oleg"], absences=[leave], assignee=PersonId("vera"))
    assert route(replace(asked, client=None)) == Assignment(PersonId("mira"), "backup")


def test_two_who_stand_in_for_each_other_and_are_both_away_leave_it_to_the_line() -> None:
    leaves = [Absence(PersonId("vera"), *TODAY, PersonId("oleg")), Absence(PersonId("oleg"), *TODAY, PersonId("vera"))]
    found = route(facts(VERA, OLEG, MIRA, manager="vera", line=["oleg", "mira"], absences=leaves))
    assert found == Assignment(PersonId("mira"), "least_loaded")
