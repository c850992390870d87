"""Who would answer, and where nobody would, asked from a terminal in the words people use."""

from tests.integration.cli.conftest import Terminal


def test_who_understands_the_words_people_use_for_a_moment(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    weekend = terminal.facts("who", "acme", "sun", "12:00")
    assert (weekend["client"], weekend["person"], weekend["rule"]) == ("acme", None, "waiting_list")
    assert terminal.facts("who", "acme", "--at", "sun 12:00") == weekend
    assert terminal.facts("who", "acme", "--at", weekend["at"]) == weekend
    assert terminal.facts("who", "acme", "--at", "2026-03-03T12:00+03:00")["person"] is not None
    refused = terminal("who", "acme", "--at", "when the cows come home")
    assert (refused.returncode, "is no moment" in refused.stderr) == (2, True)
    far = terminal("who", "acme", "--at", "9999-12-31T00:00Z")
    assert (far.returncode, "lies centuries away: write a year from" in far.stderr) == (2, True)


def test_who_knows_the_channels_that_clients_write_on(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    by_mail = terminal.facts("who", "acme", "--at", "2026-03-03T12:00+03:00", "--channel", "email")
    assert by_mail["person"] is not None
    refused = terminal("who", "acme", "--channel", "pigeon")
    expected = "there is no channel 'pigeon': telegram, slack, email, inapp"
    assert (refused.returncode, expected in refused.stderr) == (2, True)


def test_who_knows_the_kinds_of_work_that_the_desk_directory_names(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    refused = terminal("who", "acme", "--kind", "nosuch")
    assert (refused.returncode, "there is no kind of work 'nosuch': " in refused.stderr) == (2, True)
    known = refused.stderr.partition("'nosuch': ")[2].split(", ")[0].strip()
    assert terminal.facts("who", "acme", "--at", "2026-03-03T12:00+03:00", "--kind", known)["client"] == "acme"


def test_the_radar_finds_the_hours_with_nobody_behind_a_promise(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    before = terminal.facts("radar", "--weeks", "2")
    for person in [one["id"] for one in terminal.facts("people")]:
        terminal("absence", "add", person, "--until", "in 240h", "--as", "dana")
    after = terminal.facts("radar", "--weeks", "2")
    assert len(after) > len(before)
    gap = next(one for one in after if one["away"])
    assert set(gap) == {"since", "until", "hours", "plan", "line", "clients", "away", "off"}
    assert gap["since"] < gap["until"]
    assert "on leave" in terminal("radar", "--weeks", "2").stdout
    assert terminal("radar", "--weeks", "0").returncode == 2
