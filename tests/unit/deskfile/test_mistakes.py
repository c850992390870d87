"""Every mistake an admin can make is named with its file, its line and its mend, and all of them in one go."""

import pytest

from bot.deskfile.load import judge
from bot.deskfile.reading import merge
from tests.unit.deskfile.desks import DESK, TODAY, desk


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"x = {'9' * 5_000}", id="a number without end"),
        pytest.param(f"x = {'[' * 5_000}{']' * 5_000}", id="brackets without end"),
    ],
)
def test_what_no_reader_of_toml_can_take_is_a_mistake_beside_the_others(text: str) -> None:
    reading, problems = merge([("long.toml", text), ("wrong.toml", "y =")])

    assert not reading.is_whole
    assert [one.file for one in problems] == ["long.toml", "wrong.toml"]
    assert "this cannot be read: a number of thousands of digits" in problems[0].message


def test_the_desk_of_these_tests_is_right() -> None:
    loaded = desk()
    assert loaded.problems == ()
    assert loaded.document is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'calendar = "office"\nbackup',
            'calender = "office"\nbackup',
            "people.toml:4: unknown key `calender` in [people.vera]; did you mean `calendar`?",
            id="a misspelt key",
        ),
        pytest.param(
            'public_plan = "standard"',
            'public_plan = "standard"\ncolour = "red"',
            "desk.toml:4: unknown key `colour` in [desk]; known here: name, public_plan, language, zone, texts",
            id="an unknown key",
        ),
        pytest.param(
            'email = "lena@acme.test" }',
            'email = "lena@acme.test", phone = "0912 345 678" }',
            "people.toml:19: `clients.acme.contacts[0].phone`: '0912 345 678' is no telephone number: write it with "
            "its country, as in +351912345678",
            id="a telephone number without its country",
        ),
        pytest.param(
            'name = "Desk"',
            "name = 3",
            "desk.toml:2: `desk.name` must be text, in quotes, and 3 is not",
            id="a number for a text",
        ),
        pytest.param(
            'people = ["vera", "dana"]',
            'people = "vera"',
            "plans.toml:20: `lines.first.people` must be a list, in [ ], and 'vera' is not",
            id="a text for a list",
        ),
        pytest.param(
            'week = { mon-fri = ["09:00-17:00"] }',
            'week = { mon-fri = ["09:00-17:00"] }\nholidays = { country = "XX" }',
            "desk.toml:5: no holidays are known there (Country XX not available): use the ISO code, as in US or DE, "
            "and a subdivision as in CA or BY",
            id="a country that keeps no holidays",
        ),
        pytest.param(
            "review = 2027-01-08",
            "review = 08/01/2024",
            "plans.toml:3: this is not TOML: Expected newline or end of document after a statement (the date "
            "08/01/2024 may be read two ways: write 2024-01-08 or 2024-08-01, year first)",
            id="the same without quotes",
        ),
        pytest.param(
            'policy = "standard"\n',
            "",
            "plans.toml:14: [plans.standard] has no `policy`: add it, one of standard",
            id="a plan without a policy",
        ),
        pytest.param(
            'policy = "standard"',
            'policy = "standrad"',
            "plans.toml:15: `plans.standard.policy` names the policy 'standrad': there is none; "
            "did you mean 'standard'?",
            id="a plan with an unknown policy",
        ),
        pytest.param(
            'identities = { slack = "T1/U2" }\n',
            "",
            'people.toml:8: [people.dana] has no identity: nobody can reach them; add identities = { email = "..." }',
            id="a person without any identity",
        ),
        pytest.param(
            '{ slack = "T1/U2" }',
            "{}",
            "people.toml:12: [people.dana] has no identity: name at least one of slack, telegram, email, inapp",
            id="a person with empty identities",
        ),
        pytest.param(
            '{ name = "Lena", email = "lena@acme.test" }',
            '{ name = "Lena" }',
            "people.toml:19: [clients.acme.contacts[0]] has no identity: name at least one of slack, telegram, email, "
            "inapp",
            id="a contact without any identity",
        ),
        pytest.param(
            '{ name = "Lena", email = "lena@acme.test" },',
            '{ name = "Lena", email = "lena@acme.test" },\n  { name = "Marco", email = "Vera@desk.test" },',
            "people.toml:20: `clients.acme.contacts[1].email`: email Vera@desk.test is already people.vera.identities "
            "(people.toml:6): identities belong to one person",
            id="an identity of two people, whatever its case",
        ),
        pytest.param(
            '{ slack = "T1/U2" }',
            '{ slack = "@dana" }',
            "people.toml:12: `people.dana.identities.slack`: '@dana' is not a Slack person: write team and person, "
            "as in T024BE7LD/U2147483697",
            id="a Slack name in place of an id",
        ),
        pytest.param(
            "telegram = 42",
            'telegram = "@vera"',
            "people.toml:6: `people.vera.identities.telegram`: '@vera' is not a Telegram id: write the number, "
            "never the @name (names change hands)",
            id="a Telegram name in place of an id",
        ),
        pytest.param(
            'email = "vera@desk.test"',
            'e-mail = "vera@desk.test"',
            "people.toml:6: unknown key `e-mail` in [people.vera.identities]; did you mean `email`?",
            id="an unknown channel of a person",
        ),
        pytest.param(
            'ladder = "standard"',
            'ladder = "standard"\nchannels = ["telegam"]',
            "plans.toml:18: unknown channel 'telegam' in `plans.standard.channels[0]`: write telegram",
            id="an unknown channel of a plan",
        ),
        pytest.param(
            'roles = ["lead"]',
            'roles = ["boss"]',
            "people.toml:10: unknown role 'boss' in `people.dana.roles[0]`: "
            "write one of manager, senior, lead, head, executive, admin",
            id="an unknown role",
        ),
        pytest.param(
            'name = "Acme"',
            'name = "Acme"\nlanguage = "fr"',
            "people.toml:16: unknown language 'fr' in `clients.acme.language`: write one of en, uk, es, de",
            id="a language nobody wrote texts in",
        ),
        pytest.param(
            'urgency = "critical"',
            'urgency = "apocalypse"',
            "desk.toml:11: no policy knows the urgency 'apocalypse' in `triage.rules[0].urgency`: there is none; known "
            "are critical, high, medium, low, informational, feature",
            id="an unknown urgency of a triage rule",
        ),
        pytest.param(
            'people = ["vera", "dana"]',
            "people = []",
            "plans.toml:20: nobody works on [lines.first]: name at least one person",
            id="a line without people",
        ),
        pytest.param(
            'backup = "dana"',
            'backup = "dan"',
            "people.toml:5: `people.vera.backup` names the person 'dan': there is none; did you mean 'dana'?",
            id="an unknown backup",
        ),
        pytest.param(
            'backup = "dana"',
            'backup = "vera"',
            "people.toml:5: 'vera' cannot be their own backup: name somebody else",
            id="a person who backs up themselves",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "nobody"',
            "people.toml:17: `clients.acme.manager` names the person 'nobody': there is none; known are vera, dana",
            id="an unknown manager",
        ),
        pytest.param(
            "[lines.first]",
            "[lines.dana]",
            "plans.toml:19: the line 'dana' is named like a person: choose another key",
            id="a line named like a person",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "Desk"\nslack_bot_token = "x"',
            "desk.toml:3: `desk.slack_bot_token` looks like a secret: keep it in the environment or in .env, "
            "never here",
            id="a key that names a secret",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "xoxb-1-2-3"',
            "desk.toml:2: `desk.name` looks like a secret: keep it in the environment or in .env, never here",
            id="a value that is a secret",
        ),
        pytest.param(
            '[desk]\nname = "Desk"\npublic_plan = "standard"\n',
            "",
            'desk: there is no [desk] table: add it with name = "..." and public_plan = "..."',
            id="a desk without a name",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "Desk"\ntexts.moment_att.en = "{time}"',
            "desk.toml:3: there is no text 'moment_att'; did you mean 'moment_at'?",
            id="a wording of a text that does not exist",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "Desk"\ntexts.moment_at.en = "at {hour}"',
            "desk.toml:3: the en wording of 'moment_at' names {hour}, which it is not given: known are {time}",
            id="a wording with an unknown value",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "Desk"\ntexts.moment_at.en = "at {time"',
            "desk.toml:3: the en wording of 'moment_at' cannot be filled in (expected '}' before end of string): "
            "write a brace that is meant as such twice, {{ or }}",
            id="a wording with an open brace",
        ),
        pytest.param(
            'name = "Desk"',
            'name = "Desk"\ntexts.moment_at.fr = "à {time}"',
            "desk.toml:3: unknown language 'fr' in `desk.texts.moment_at.fr`: write one of en, uk, es, de",
            id="a wording in a language nobody else speaks here",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    loaded = desk((old, new))
    assert [str(problem) for problem in loaded.problems if str(problem).startswith(said)], loaded.problems
    assert loaded.document is None


def test_all_mistakes_come_in_one_go_and_in_the_order_of_lines() -> None:
    loaded = desk(
        ('zone = "Europe/Berlin"', 'zone = "CET"'),
        ('policy = "standard"\n', ""),
        ('tell = "vera"', 'tell = "boss"'),
        ('backup = "dana"', 'backpu = "dana"'),
        ('manager = "vera"', 'manager = "nobody"'),
    )
    places = [(problem.file, problem.line) for problem in loaded.problems]
    assert places == [
        ("desk.toml", 6),
        ("people.toml", 5),
        ("people.toml", 17),
        ("plans.toml", 11),
        ("plans.toml", 14),
    ]
    assert loaded.document is None


def test_a_file_that_is_not_toml_hides_no_mistake_of_the_others_and_invents_none() -> None:
    loaded = desk(("[people.vera]", "[people.vera"), ('zone = "Europe/Berlin"', 'zone = "CET"'))
    assert [(problem.file, problem.line) for problem in loaded.problems] == [("desk.toml", 6), ("people.toml", 1)]


def test_an_entry_in_two_files_hides_no_other_mistake() -> None:
    texts = {
        **DESK,
        "more.toml": '[people.vera]\nname = "Another"\n\n[clients.globex]\nname = "Globex"\nplan = "gold"\n',
    }
    reading, unread = merge(texts.items())
    problems = judge(reading, unread, today=TODAY).problems
    assert [(problem.file, problem.line) for problem in problems] == [("more.toml", 1), ("more.toml", 6)]


def test_an_entry_in_two_files_is_a_mistake_that_names_both() -> None:
    reading, problems = merge([*DESK.items(), ("vera.toml", '\n[people.vera]\nname = "Another"\n')])
    assert [str(problem) for problem in problems] == [
        "vera.toml:2: people.vera is also written in people.toml:1: keep it in one of the two files"
    ]
    assert reading.tree["people"]["vera"]["name"] == "Vera"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "review = 2027-01-08",
            "review = 2026-01-08",
            "plans.toml:3: warning: the review date of [policies.standard] (2026-01-08) has passed: "
            "read the document again",
            id="a review date that has passed",
        ),
        pytest.param(
            'roles = ["lead"]',
            'roles = ["manager"]',
            "plans.toml:10: warning: nobody has the role 'lead': step 1 of [ladders.standard] will be skipped",
            id="a step that reaches nobody",
        ),
        pytest.param(
            'roles = ["manager"]',
            'roles = ["head"]',
            "people.toml:17: warning: vera is the manager of acme and has neither the role manager nor senior",
            id="a manager without the role",
        ),
        pytest.param(
            'roles = ["lead"]',
            'roles = ["lead"]\nbackup = "vera"',
            "people.toml:11: warning: people stand in for each other in a circle (dana -> vera -> dana): while all of "
            "them are away nobody does, and the line answers: name somebody else for one of them",
            id="stand-ins in a circle",
        ),
        pytest.param(
            'week = { mon-fri = ["09:00-17:00"] }',
            'week = { mon-fri = ["09:00-17:00"] }\nholidays = { country = "UA" }',
            "desk.toml:8: warning: UA has no public holidays in 2026 ([calendars.office]): list your own as `dates`",
            id="a country whose holidays are suspended",
        ),
    ],
)
def test_advice_never_keeps_a_desk_from_being_used(old: str, new: str, said: str) -> None:
    loaded = desk((old, new))
    assert said in [str(problem) for problem in loaded.problems]
    assert loaded.errors == ()
    assert loaded.document is not None


@pytest.mark.parametrize("ours", ["alerts", "cards"])
def test_a_place_of_our_own_is_never_a_clients(ours: str) -> None:
    at_acme = ("channels = { telegram = [-100] }", 'channels = { slack = ["T1/C1"] }')
    named = ('public_plan = "standard"', f'public_plan = "standard"\n{ours} = {{ slack = "T1/C1" }}')
    (problem,) = desk(at_acme, named).problems
    assert str(problem) == (
        f"desk.toml:4: `desk.{ours}.slack`: slack T1/C1 is already clients.acme.channels.slack (people.toml:21): "
        "a shared place belongs to one client"
    )


def test_alerts_and_cards_may_stand_in_one_place_of_our_own() -> None:
    both = 'public_plan = "standard"\nalerts = { slack = "T1/C1" }\ncards = { slack = "T1/C1" }'
    loaded = desk(('public_plan = "standard"', both))
    assert not loaded.problems
    assert loaded.document is not None
    assert loaded.document["desk"]["cards"] == {"slack": "T1/C1"}
