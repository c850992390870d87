"""Who stands behind a word of a ladder."""

import pytest

from routing.ladder import told
from routing.people import Line, LineId, PersonId, Role
from tests.unit.routing.made import person

PEOPLE = {one.id: one for one in (person("zoe", Role.LEAD), person("ann", Role.LEAD, Role.ADMIN), person("bob"))}
LINES = {LineId("first"): Line(LineId("first"), (PersonId("bob"), PersonId("gone")), "office")}


@pytest.mark.parametrize(
    ("tell", "people"),
    [
        pytest.param("lead", ("ann", "zoe"), id="a role, in a stable order"),
        pytest.param("zoe", ("zoe",), id="a person"),
        pytest.param("first", ("bob",), id="a line, without who left"),
        pytest.param("executive", (), id="a role nobody has"),
        pytest.param("nobody", (), id="a word that means nothing"),
    ],
)
def test_a_word_of_a_ladder_is_a_role_a_person_or_a_line(tell: str, people: tuple[str, ...]) -> None:
    assert told(tell, PEOPLE, LINES) == people
