"""`check` warns of rules of triage that can never match, and of rows of its matrix that can never count."""

import pytest

from bot.deskfile.load import judge
from bot.deskfile.reading import merge
from tests.builders import STORY_DESK
from tests.unit.deskfile.desks import TODAY

#: The story's desk has its own rules at the end.
DESK = STORY_DESK[: STORY_DESK.index("[triage]")]


def advised(triage: str) -> list[str]:
    loaded = judge(*merge([("desk.toml", f"{DESK}\n[triage]\n{triage}\n")]), today=TODAY)
    assert loaded.errors == ()
    return [
        problem.message
        for problem in loaded.warnings
        if "triage" in problem.message or "row" in problem.message or "rule" in problem.message
    ]


@pytest.mark.parametrize(
    ("triage", "said"),
    [
        pytest.param(
            'rules = [{ words = ["urgent"], urgency = "high" }, { words = ["not urgent"], urgency = "low" }]',
            "whatever says 'not urgent' says 'urgent' of a rule above, which has given the urgency already: move this "
            "rule up, or leave the words out",
            id="a phrase behind its word",
        ),
        pytest.param(
            'rules = [{ words = ["down"], urgency = "high" },\n'
            '{ words = ["Down!"], urgency = "critical", kind = "integration" }]',
            "",
            id="a word that still gives a kind",
        ),
        pytest.param(
            'rules = [{ words = ["urgent"], kind = "integration" }, { words = ["not urgent"], urgency = "low" }]',
            "",
            id="rules that give something else",
        ),
        pytest.param(
            'matrix = [{ impact = "all", urgency = "high" }]',
            "no rule gives the impact 'all': this row never counts",
            id="an impact that no rule gives",
        ),
        pytest.param(
            'rules = [{ words = ["all of us"], impact = "all" }]',
            "no row of the matrix asks for the impact 'all': it changes nothing",
            id="an impact that nobody asks about",
        ),
        pytest.param(
            'rules = [{ words = ["us"], impact = "all" }]\n'
            'matrix = [{ impact = "all", urgency = "high" },\n'
            '{ impact = "all", plans = ["premium"], urgency = "critical" }]',
            "row 1 fits wherever this one does and stands above it: this one never counts",
            id="a row behind a wider one",
        ),
        pytest.param(
            'rules = [{ words = ["us"], impact = "all" }]\n'
            'matrix = [{ plans = ["premium"], urgency = "high" },\n'
            '{ impact = "all", plans = ["premium"], urgency = "critical" }]',
            "",
            id="a plan that counts only where nothing is said",
        ),
    ],
)
def test_what_can_never_count_is_named_with_its_mend(triage: str, said: str) -> None:
    assert advised(triage) == ([said] if said else [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(
            '[triage]\nurgent = "hihg"',
            "no policy knows the urgency 'hihg' in `triage.urgent`: there is none; did you mean 'high'?",
            id="an unknown level",
        ),
        pytest.param(
            '[triage]\nmatrix = [{ plans = ["premum"], urgency = "high" }]',
            "`triage.matrix[0].plans[0]` names the plan 'premum': there is none; did you mean 'premium'?",
            id="an unknown plan",
        ),
        pytest.param(
            '[triage]\nmatrix = [{ urgency = "high" }]',
            "this row is for every ticket: name `impact`, `plans` or `stated`, or leave it out",
            id="a row for everything",
        ),
        pytest.param("[csat]\nlow = 5", "less than or equal to 4", id="a low score that is the best"),
        pytest.param('[csat]\nplans = ["gold"]', "`csat.plans[0]` names the plan 'gold'", id="a plan that is none"),
    ],
)
def test_a_mistake_is_named_with_its_place(more: str, said: str) -> None:
    loaded = judge(*merge([("desk.toml", f"{DESK}\n{more}\n")]), today=TODAY)
    assert loaded.document is None
    assert any(said in str(problem) and "desk.toml:" in str(problem) for problem in loaded.errors), loaded.errors
