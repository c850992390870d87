"""Who is away, said and asked from a terminal beside a bot that does not run."""

from tests.integration.cli.conftest import Terminal


def test_a_lead_says_who_is_away_and_ends_it(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    assert terminal("absence", "list").stdout == "nobody is away\n"
    lead = next(one["id"] for one in terminal.facts("people") if "lead" in one["roles"])

    said = terminal("absence", "add", "vera", "--until", "tomorrow", "--backup", "oleg", "--as", lead)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("#1 Vera")
    planned = terminal("absence", "add", "vera", "--from", "in 72h", "--until", "in 96h", "--as", lead)
    assert planned.stdout.startswith("#2 Vera"), planned.stderr

    first, second = terminal.facts("absence", "list")
    assert (first["number"], first["person"], first["backup"], first["by"]) == (1, "vera", "oleg", lead)
    assert first["since"] < first["until"] <= first["back"]
    assert second["since"] > first["until"]

    assert terminal("absence", "end", "vera", "2", "--as", lead).returncode == 0
    assert terminal("absence", "end", "vera", "--as", lead).stdout == "Vera Kova is there again.\n"
    assert terminal.facts("absence", "list") == []


def test_what_cannot_be_is_refused_with_a_sentence(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    for words, refusal in (
        (("add", "oleg", "--as", "vera"), "Only admin, head, lead may do this."),
        (("add", "nobody"), "Nobody here is called nobody. Known are"),
        (("add", "vera", "--until", "2020-01-01"), "'2020-01-01' has passed"),
        (("end", "vera"), "is not away; nothing was changed."),
        (("end", "vera", "9"), "There is no absence 9 that could be ended"),
    ):
        refused = terminal("absence", *words)
        assert (refused.returncode, refusal in refused.stderr) == (1, True), refused.stderr
    assert terminal.facts("absence", "list") == []
