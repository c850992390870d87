"""Five support agreements on the example desk: every clause has its scenario, and every scenario comes out as read."""

import re
from pathlib import Path

import pytest

from tests.policies.scenario import ROOT, Scenario, plays, scenarios

DOCUMENTS = ("premium", "standard", "vip", "hosting", "crm")
ALL = {name: scenarios(Path(__file__).with_name(f"{name}.toml")) for name in DOCUMENTS}
ROW = re.compile(r"^\| ([A-Z]\.\d+) \|(.*)\|$", re.MULTILINE)


def clauses(document: str) -> dict[str, list[str]]:
    """The rows of a document's page: what stands in each cell after the clause's number."""
    page = (ROOT / "docs" / "policies" / f"{document}.md").read_text("utf-8")
    return {number: [cell.strip() for cell in cells.split("|")] for number, cells in ROW.findall(page)}


def tried_in(cells: list[str]) -> list[str]:
    return re.findall(r"`([^`]+)`", cells[2])


@pytest.mark.parametrize(
    "scenario", [pytest.param(one, id=one.name) for document in DOCUMENTS for one in ALL[document]]
)
async def test_a_document_comes_out_as_it_is_read(scenario: Scenario, tmp_path: Path) -> None:
    await plays(scenario, tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_clause_has_a_scenario_and_every_scenario_a_clause(document: str) -> None:
    written = {(clause, one.name) for one in ALL[document] for clause in one.clauses}
    told = {(clause, name) for clause, cells in clauses(document).items() for name in tried_in(cells)}

    assert clauses(document).keys() == {clause for clause, _ in told}
    assert written == told


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_assumption_shows_what_the_other_reading_comes_to(document: str) -> None:
    others = {clause for one in ALL[document] if one.is_other for clause in one.clauses}

    assert others == {clause for clause, cells in clauses(document).items() if "(A)" in cells[3]}
