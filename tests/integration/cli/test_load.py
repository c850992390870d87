"""How high the load is, said and asked from a terminal."""

import json

from tests.integration.cli.conftest import Terminal


def test_a_lead_says_it_and_says_it_is_over(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    before = terminal.facts("load")
    assert {one["load"] for one in before["lines"]} == {"normal"}
    lead = next(one["id"] for one in terminal.facts("people") if "lead" in one["roles"])

    said = json.loads(terminal("load", "high", "--line", "managers", "--as", lead, "--json").stdout)
    assert said["moved"] == 0
    (line,) = said["lines"]
    assert (line["line"], line["load"], line["by"]) == ("managers", "high", lead)
    assert line["since"] is not None

    seen = {one["line"]: one["load"] for one in terminal.facts("load")["lines"]}
    assert seen["managers"] == "high"
    assert set(seen.values()) == {"high", "normal"}
    over = terminal("load", "normal", "--as", lead)
    assert over.stdout.splitlines()[-1] == "no tickets with a promise that moved"
    assert {one["load"] for one in terminal.facts("load")["lines"]} == {"normal"}


def test_what_cannot_be_is_refused_with_a_sentence(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0

    unknown = terminal("load", "high", "--line", "nights")
    assert (unknown.returncode, "there is no line 'nights': " in unknown.stderr) == (2, True)
    refused = terminal("load", "high", "--as", "vera")
    assert (refused.returncode, "Only admin, head, lead may do this." in refused.stderr) == (1, True)
    assert terminal("load", "hot").returncode == 2
    assert {one["load"] for one in terminal.facts("load")["lines"]} == {"normal"}
