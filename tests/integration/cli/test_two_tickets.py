"""Merging, splitting, leaving out and agreeing from a terminal, for people and for programs."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.inapp.convert import raw_from_said
from adapters.inapp.frames import Say
from adapters.inapp.ids import Party
from adapters.message import Channel, Identity, Vouched
from bot.now import wall_now
from bot.store import journal
from bot.store.driver.engine import open_database
from sla.duration import moment
from tests.integration.cli.conftest import ROOT, Terminal, read_until


@pytest.fixture(scope="module")
def tickets(bot: Terminal) -> Sequence[str]:
    """Two tickets of two people at Acme, in the order in which they were opened."""
    following = bot.start("tail", "--json")
    try:
        numbers = []
        for place, sender in enumerate(("user-17", "user-18")):
            _says(bot, sender, f"00000000-0000-4000-8000-00000000001{place}", "Payroll failed")
            numbers.append(str(read_until(following.stdout, "opened")["ticket"]))
        _says(bot, "user-17", "00000000-0000-4000-8000-000000000020", "And the export is slow")
        read_until(following.stdout, "client_spoke")
        return numbers
    finally:
        following.close()


def test_a_length_is_agreed_and_explained(bot: Terminal, tickets: Sequence[str]) -> None:
    found = bot.facts("ticket", tickets[0], "agree", "first_response", "4h", "--as", "vera")

    (clock,) = [one for one in found["clocks"] if one["metric"] == "first_response"]
    assert (found["number"], clock["state"]) == (tickets[0], "running")
    told = bot("why", tickets[0], "first_response").stdout
    assert "clause: agreed with the client on" in told
    assert "by Vera Kova" in told


def test_from_a_message_on_it_is_another_ticket_and_merged_again_it_is_one(
    bot: Terminal, tickets: Sequence[str]
) -> None:
    said = bot.facts("ticket", tickets[0])["messages"]
    export = next(one["id"] for one in said if one["text"] == "And the export is slow")

    split = bot.facts("ticket", tickets[0], "split", str(export), "--as", "vera")
    assert bot.facts("ticket", split["split_into"])["subject"] == "And the export is slow"

    merged = bot.facts("ticket", split["split_into"], "merge", tickets[0], "--as", "vera")
    assert (merged["status"], merged["merged_into"]) == ("merged", tickets[0])
    texts = [one["text"] for one in bot.facts("ticket", tickets[0])["messages"]]
    assert "And the export is slow" in texts
    assert f"goes on as {tickets[0]}" in bot("ticket", split["split_into"]).stdout

    back = bot.facts("ticket", split["split_into"], "unmerge", "--as", "vera")
    assert (back["status"], back["merged_into"]) == ("new", None)
    again = bot("ticket", split["split_into"], "unmerge", "--as", "vera")
    assert (again.returncode, "is not merged into another ticket" in again.stderr) == (1, True)


def test_what_was_taken_for_spam_comes_back_and_who_is_who_is_said_here_too(
    bot: Terminal, tickets: Sequence[str]
) -> None:
    first, second = tickets
    bot("ticket", second, "spam", "--as", "vera")
    back = bot.facts("ticket", second, "not-spam", "--as", "vera")
    assert (back["status"], back["clocks"][0]["state"]) == ("open", "running")
    joined = bot("ticket", second, "same-person", first, "--as", "dana")
    assert (joined.returncode, "are one person now" in joined.stdout) == (0, True)
    refused = bot("ticket", second, "same-person", first, "--as", "vera")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert bot("ticket", second, "two-people", "--as", "dana").returncode == 0
    # In the demo they speak in the window on our pages alone, where no code is ever shown.
    sent = bot("ticket", second, "link", "telegram", "--as", "vera")
    assert (sent.returncode, "known for certain on no other channel" in sent.stderr) == (1, True)


def test_it_is_put_out_of_the_way_and_says_why_it_is_urgent(bot: Terminal, tickets: Sequence[str]) -> None:
    assert bot("ticket", tickets[0], "snooze", "in 20h", "--as", "vera").returncode == 0
    bot("ticket", tickets[0], "urgency", "low", "--as", "vera")
    shown = bot.facts("ticket", tickets[0])
    assert shown["snoozed_until"] > shown["opened_at"]
    assert (shown["urgency_because"], shown["csat"]) == ("set by Vera Kova", None)
    told = bot("ticket", tickets[0]).stdout
    assert "low because set by Vera Kova" in told
    assert "out of the way until" in told
    assert bot.facts("ticket", tickets[0], "unsnooze", "--as", "vera")["snoozed_until"] is None
    refused = bot("ticket", tickets[0], "snooze", "when it suits", "--as", "vera")
    assert (refused.returncode, "is no moment" in refused.stderr) == (2, True)


def test_a_dry_run_shows_which_tickets_other_rules_would_judge_otherwise(
    bot: Terminal, tickets: Sequence[str], tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "desk.example", tmp_path / "desk")
    rules = tmp_path / "desk" / "triage.toml"
    rules.write_text(
        rules.read_text("utf-8").replace("rules = [\n", 'rules = [\n    { words = ["payroll"], urgency = "high" },\n'),
        "utf-8",
    )
    found = bot.facts("triage", "--desk", str(tmp_path / "desk"))
    assert {one["ticket"] for one in found["otherwise"]} == set(tickets)
    first = found["otherwise"][0]
    assert first["in_force"] == {"urgency": "medium", "kind": None, "because": ""}
    assert first["would_be"] == {"urgency": "high", "kind": None, "because": "“payroll” means high"}
    assert "no ticket would be judged otherwise" in bot("triage").stdout
    rules.write_text("[triage]\nrules = 1\n", "utf-8")
    refused = bot("triage", "--desk", str(tmp_path / "desk"))
    assert (refused.returncode, "triage.toml:2" in refused.stderr) == (2, True)


def test_what_is_not_covered_says_so(bot: Terminal, tickets: Sequence[str]) -> None:
    done = bot("ticket", tickets[1], "not-covered", "6.2, software of others", "--as", "vera")

    assert done.stdout == f"{tickets[1]}: not covered; the client is told\n"
    assert bot.facts("ticket", tickets[1])["not_covered"] == "6.2, software of others"
    assert "not covered by the agreement: 6.2" in bot("ticket", tickets[1]).stdout
    listed = {one["number"]: one["not_covered"] for one in bot.facts("tickets")}
    assert listed[tickets[1]] == "6.2, software of others"
    back = bot("ticket", tickets[1], "covered", "--as", "vera")
    assert back.stdout == f"{tickets[1]}: covered; the client is told\n", back.stderr
    assert bot.facts("ticket", tickets[1])["not_covered"] is None


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["merge", "T-999", "--as", "vera"], 1, "There is no ticket T-999", id="into nothing"),
        pytest.param(["merge", "one", "--as", "vera"], 2, "write it like T-12", id="into no number"),
        pytest.param(["split", "999", "--as", "vera"], 1, "Choose a message of the client", id="at no message"),
        pytest.param(["agree", "first_response", "soon", "--as", "vera"], 2, "write hours", id="no length"),
        pytest.param(["agree", "eta", "4h", "--as", "vera"], 1, "not agreed on like this", id="an ETA"),
        pytest.param(["not-covered", " ", "--as", "vera"], 1, "Name the clause", id="no clause"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], code: int, says: str, bot: Terminal, tickets: Sequence[str]
) -> None:
    done = bot("ticket", tickets[0], *words)

    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def _says(bot: Terminal, sender: str, name: str, text: str) -> None:
    """A contact of Acme writes in the chat, as another process would keep it."""
    party = Party(Identity(Channel.INAPP, sender), Vouched("acme", sender.title(), None))
    raw = raw_from_said(Say(type="say", id=name, text=text), party, account="web", at=moment(wall_now()))

    async def keep() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{bot.directory / 'var' / 'maitred.db'}")
        try:
            await database.write(lambda conn: journal.keep(conn, [([raw], None, wall_now())]))
        finally:
            await database.close()

    asyncio.run(keep())
