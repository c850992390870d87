"""Commands beside a running bot: what programs read, what people may do, and what is refused in one sentence."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.inapp.convert import raw_from_said
from adapters.inapp.frames import Say
from adapters.inapp.ids import Party
from adapters.message import Channel, Identity, Vouched
from adapters.port import Raw
from bot.now import wall_now
from bot.store import journal
from bot.store.driver.connection import Connection
from bot.store.driver.engine import open_database
from bot.store.remembered import remember
from sla.duration import moment
from tests.integration.cli.conftest import Terminal, read_until

NASTY = "Payroll failed \x1b[31m\u202e[bold]now[/bold]"
LENA = Party(Identity(Channel.INAPP, "user-17"), Vouched("acme", "Lena", None))


@pytest.fixture(scope="module")
def ticket(bot: Terminal) -> str:
    """The number of a ticket that Lena opened by chat, while somebody followed the stream."""
    following = bot.start("tail", "--json")
    try:
        _keep(bot, [_said("00000000-0000-4000-8000-000000000001", NASTY), _broken()])
        opened = read_until(following.stdout, "opened")
        _keep(bot, [_said("00000000-0000-4000-8000-000000000003", "Are you there?")])
        assert read_until(following.stdout, "client_spoke")["ticket"] == opened["ticket"]
        following.send_signal(signal.SIGINT)
        assert following.wait(60) == 0
    finally:
        following.close()
    return str(opened["ticket"])


def test_a_deadline_is_explained(bot: Terminal, ticket: str) -> None:
    (clock,) = [one for one in bot.facts("why", ticket) if one["metric"] == "first_response"]
    (shown,) = [one for one in bot.facts("ticket", ticket)["clocks"] if one["metric"] == "first_response"]

    assert {key: clock[key] for key in shown} == shown
    assert any("Respond within 1 hour to Medium and Low cases" in line for line in clock["explanation"])

    told = bot("why", ticket, "first_response").stdout
    assert "policy premium of revision 1" in told
    assert all(line in told for line in clock["explanation"])
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("words", "why", "code"),
    [
        pytest.param(["T-999"], "there is no ticket T-999", 1, id="no such ticket"),
        pytest.param(["first"], "T-12", 2, id="no ticket number"),
        pytest.param(["TICKET", "resolution"], "no resolution is promised", 1, id="nothing of that kind promised"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(
    words: list[str], why: str, code: int, bot: Terminal, ticket: str
) -> None:
    done = bot("why", *[ticket if word == "TICKET" else word for word in words])

    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr


def test_the_past_played_again_on_the_same_desk_differs_in_nothing(bot: Terminal, ticket: str) -> None:
    assert ticket
    done = bot("simulate", "--history")
    assert (done.stdout, done.stderr) == ("", "")


def test_nothing_is_promised_anew_where_nothing_is_new(bot: Terminal, ticket: str) -> None:
    assert ticket
    assert bot.facts("reapply", "--plan") == {"tickets": 0, "moved": [], "applied": False}
    assert "no due moment moves" in bot("reapply").stdout


@pytest.mark.parametrize(
    ("words", "person", "rule"),
    [
        pytest.param(["acme", "--at", "2026-03-06T18:45+03:00"], "vera", "own_manager", id="their own manager"),
        pytest.param(["acme", "--at", "2026-03-07T12:00+03:00"], None, "waiting_list", id="nobody on a Saturday"),
        pytest.param(
            ["initech", "--at", "2026-03-06T12:00+03:00", "--kind", "integration"], "tara", "second_line", id="by kind"
        ),
    ],
)
def test_who_would_get_it_and_why(words: list[str], person: str | None, rule: str, bot: Terminal) -> None:
    found = bot.facts("who", *words)

    assert (found["client"], found["person"], found["rule"]) == (words[0], person, rule)
    assert found["reason"] in bot("who", *words).stdout


def test_an_unknown_client_is_answered_with_those_there_are(bot: Terminal) -> None:
    done = bot("who", "nobody")

    assert done.returncode == 2
    assert "acme, globex, initech, umbrella" in done.stderr


def test_tickets_are_listed_for_programs(bot: Terminal, ticket: str) -> None:
    (found,) = [one for one in bot.facts("tickets", "--client", "acme") if one["number"] == ticket]

    assert found.keys() >= {
        "number",
        "client",
        "contact",
        "verified",
        "plan",
        "urgency",
        "status",
        "assignee",
        "rule",
        "channel",
        "subject",
        "opened_at",
        "next_due",
        "unreadable",
    }
    assert (found["client"], found["contact"], found["verified"], found["channel"]) == ("acme", "Lena", True, "inapp")
    assert datetime.fromisoformat(found["opened_at"]).tzinfo is not None


def test_a_ticket_is_shown_whole_to_programs(bot: Terminal, ticket: str) -> None:
    found = bot.facts("ticket", ticket, "show")

    said = found["messages"][0]
    assert said.keys() >= {
        "at",
        "direction",
        "kind",
        "from",
        "channel",
        "text",
        "attachments",
        "external_id",
        "id",
        "message_id",
        "state",
    }
    assert (said["direction"], said["from"]) == ("in", "Lena")
    assert said["message_id"] is None, "a chat has no Message-ID"
    assert {"metric", "state", "started_at", "due_at", "breached_at", "satisfied_at"} <= found["clocks"][0].keys()
    assert found["events"][0].keys() == {"at", "what", "by", "why"}
    assert found["notes"] == []


@pytest.mark.parametrize("words", [["tickets"], ["ticket"]])
def test_what_a_client_typed_does_nothing_to_a_terminal(words: list[str], bot: Terminal, ticket: str) -> None:
    shown = bot(*words, *([ticket] if words == ["ticket"] else [])).stdout

    assert "Payroll failed" in shown
    assert "[bold]now[/bold]" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_a_person_works_on_a_ticket_from_a_terminal(bot: Terminal, ticket: str) -> None:
    for words, says in (
        (["note", "Looks like last month's.", "--as", "vera"], "noted"),
        (["reply", "-", "--kind", "answer", "--as", "vera"], "the reply is on its way"),
        (["eta", "4h", "--as", "vera"], "the promise is on its way"),
        (["assign", "oleg", "Her shift ends", "--as", "dana"], "handed over to oleg"),
        (["resolve", "All good now.", "--as", "oleg"], "resolved"),
    ):
        command = bot.begun if "-" in words else bot  # what is given comes through a pipe
        done = command("ticket", ticket, *words, given="We are looking into it.")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{ticket}: {says}\n", "in English, whoever acts"

    found = bot.facts("ticket", ticket)
    assert (found["status"], found["assignee"]) == ("resolved", "oleg")
    assert [one["text"] for one in found["notes"]] == ["Looks like last month's."]
    assert "We are looking into it." in [one["text"] for one in found["messages"]]
    assert {"noted", "replied", "eta_given", "handed_over", "resolved"} <= {one["what"] for one in found["events"]}
    assert ticket in [one["number"] for one in bot.facts("tickets")]
    assert ticket not in [one["number"] for one in bot.facts("tickets", "--open")]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["ticket", "T-999", "note", "x"], 1, "there is no ticket T-999", id="no such ticket"),
        pytest.param(["ticket", "T-1", "eta", "soon", "--as", "vera"], 2, "write 15:00, 2h", id="no moment"),
        pytest.param(["ticket", "T-1", "urgency", "mega", "--as", "vera"], 1, "", id="no such urgency"),
        pytest.param(["outbox", "retry", "99999"], 1, "none of them could be retried", id="nothing to retry"),
        pytest.param(["board-link", "nobody"], 2, "nobody here is called", id="no such person"),
        pytest.param(
            ["link", "acme", "telegram", "--contact", "nobody"],
            2,
            "no one contact called 'nobody'",
            id="no such contact",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], code: int, says: str, bot: Terminal, ticket: str
) -> None:
    done = bot(*words)

    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("number", [2**63, 10**20], ids=["one too many", "far too many"])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["inbox", "show"], id="payload"),
        pytest.param(["inbox", "list", "--limit"], id="payloads"),
        pytest.param(["outbox", "retry", "1"], id="rows"),
        pytest.param(["outbox", "list", "--limit"], id="rows listed"),
        pytest.param(["tickets", "--limit"], id="tickets listed"),
        pytest.param(["absence", "end", "vera"], id="absence"),
        pytest.param(["ticket", "TICKET", "split"], id="message"),
        pytest.param(["tail", "--no-follow", "--lines"], id="lines"),
    ],
)
def test_a_number_that_no_database_can_count_to_is_wrong_usage(
    words: list[str], number: int, bot: Terminal, ticket: str
) -> None:
    done = bot(*[ticket if word == "TICKET" else word for word in words], str(number))

    assert (done.returncode, done.stdout) == (2, "")
    assert "less than or equal to" in done.stderr


@pytest.mark.parametrize("box", ["inbox", "outbox"])
def test_a_state_that_there_is_not_is_wrong_usage_and_no_empty_list(box: str, bot: Terminal) -> None:
    done = bot(box, "list", "--json", "--state", "failde")

    assert (done.returncode, done.stdout) == (2, "")
    assert "failde" in done.stderr
    assert "discarded" in done.stderr


@pytest.mark.parametrize(
    ("option", "known"),
    [pytest.param("--client", "acme", id="client"), pytest.param("--assignee", "vera", id="person")],
)
def test_tickets_of_somebody_unknown_are_wrong_usage_and_no_empty_list(option: str, known: str, bot: Terminal) -> None:
    done = bot("tickets", "--json", option, "acmee")

    assert (done.returncode, done.stdout) == (2, "")
    assert "'acmee'" in done.stderr
    assert known in done.stderr


def test_tickets_of_somebody_known_who_has_none_are_an_empty_list(bot: Terminal) -> None:
    assert bot.facts("tickets", "--client", "umbrella") == []


def test_the_past_is_told_from_as_far_back_as_can_be_asked(bot: Terminal, ticket: str) -> None:
    told = bot("tail", "--no-follow", "--json", "--lines", "1000000")

    assert told.returncode == 0
    assert ticket in told.stdout


def test_a_payload_nobody_can_read_is_kept_shown_and_closed(bot: Terminal, ticket: str) -> None:
    (dead,) = bot.facts("inbox", "list", "--state", "dead")
    assert dead.keys() >= {"id", "channel", "external_id", "state", "received_at", "reason"}
    assert (dead["external_id"], dead["state"]) == ("user-17/broken", "dead")
    assert "{not json" in bot("inbox", "show", str(dead["id"])).stdout

    assert bot("inbox", "discard", str(dead["id"])).returncode == 0
    assert "nothing waits" in bot("inbox", "list").stdout


def test_programs_get_every_payload_however_many_and_old(bot: Terminal, ticket: str) -> None:
    _keep(bot, [_settled(number) for number in range(201)], is_done=True)

    found = bot.facts("inbox", "list")

    assert len(found) > 201
    assert "done" in {one["state"] for one in found}
    assert found == sorted(found, key=lambda one: one["id"], reverse=True)


def test_what_goes_out_is_listed_for_programs(bot: Terminal, ticket: str) -> None:
    rows = bot.facts("outbox", "list")

    assert rows[0].keys() >= {
        "id",
        "channel",
        "to",
        "what",
        "ticket",
        "state",
        "attempts",
        "not_before",
        "message_id",
        "error",
    }
    assert ["user-17"] in [one["to"] for one in rows]
    assert "sent" in {one["state"] for one in rows}
    assert {one["message_id"] for one in rows} == {None}, "nothing of it is a mail"
    assert rows == sorted(rows, key=lambda one: one["id"], reverse=True)


def test_links_let_one_of_us_or_a_client_in_for_a_quarter_of_an_hour(bot: Terminal) -> None:
    begun = moment(wall_now())
    ours, theirs = bot.facts("board-link", "vera"), bot.facts("link", "acme", "inapp")

    assert ours["url"].startswith("https://desk.test/board/enter/")
    assert theirs["token"] not in ours["url"]
    ends = [datetime.fromisoformat(one["expires_at"]) - timedelta(minutes=15) for one in (ours, theirs)]
    assert all(begun - timedelta(seconds=1) <= end <= moment(wall_now()) for end in ends)


def test_a_link_for_telegram_is_one_to_open_once_the_bots_name_is_known(bot: Terminal) -> None:
    before = bot.facts("link", "acme", "telegram")
    _remember(bot, "telegram:username", "maitred_bot")
    after = bot.facts("link", "acme", "telegram", "--contact", "lena")

    assert (before["url"], before["contact"]) == (None, None)
    assert after["url"] == f"https://t.me/maitred_bot?start={after['token']}"
    assert bot("link", "acme", "telegram").stdout.startswith("https://t.me/maitred_bot?start=")
    assert bot("link", "acme", "slack").stdout.startswith("/start ")


def test_what_no_link_has_proven_cannot_be_taken_back(bot: Terminal) -> None:
    refused = bot("unlink", "telegram", "1001")

    assert (refused.returncode, "no link has proven who 1001 on telegram is" in refused.stderr) == (1, True)


def test_people_and_clients_are_listed_for_programs(bot: Terminal) -> None:
    people, clients = bot.facts("people"), bot.facts("clients")

    assert {"id", "name", "roles", "calendar", "on_shift", "open_tickets"} <= people[0].keys()
    assert "acme" in [one["id"] for one in clients]


def test_a_backup_is_made_beside_the_bot_and_put_back_elsewhere(bot: Terminal, ticket: str, tmp_path: Path) -> None:
    file = tmp_path / "desk.backup"

    assert bot("db", "backup", str(file)).returncode == 0
    assert bot("db", "backup", str(file)).returncode == 1
    assert bot("db", "restore", str(file), "--replace").returncode == 2

    other = Terminal(tmp_path, bot.settings)
    assert other("db", "restore", str(file)).returncode == 0
    assert other("db", "upgrade").returncode == 0
    assert ticket in [one["number"] for one in other.facts("tickets")]


def _said(name: str, text: str) -> Raw:
    at = moment(wall_now())
    return raw_from_said(Say(type="say", id=name, text=text), LENA, account="web", at=at)


def _broken() -> Raw:
    return Raw(Channel.INAPP, "web", "user-17/broken", b"{not json", moment(wall_now()))


def _settled(number: int) -> Raw:
    return Raw(Channel.INAPP, "web", f"user-18/{number}", b"{}", moment(wall_now()))


def _remember(bot: Terminal, key: str, value: str) -> None:
    async def keep() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{bot.directory / 'var' / 'maitred.db'}")
        try:
            await database.write(lambda conn: remember(conn, key, value))
        finally:
            await database.close()

    asyncio.run(keep())


def _keep(bot: Terminal, raws: Sequence[Raw], *, is_done: bool = False) -> None:
    """Put payloads into the journal from outside, as another process would; as decided ones if that is said."""

    def kept(conn: Connection) -> None:
        (rows,) = journal.keep(conn, [(raws, None, wall_now())])
        if is_done:
            journal.done(conn, [number for number, _ in rows])

    async def keep() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{bot.directory / 'var' / 'maitred.db'}")
        try:
            await database.write(kept)
        finally:
            await database.close()

    asyncio.run(keep())
