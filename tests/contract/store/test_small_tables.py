"""Links, sessions, answers, remembered values and the audit trail."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.store import audit
from bot.store.audit import Deed
from bot.store.channels import presses
from bot.store.channels.presses import Answered
from bot.store.driver.database import Database
from bot.store.people import tokens
from bot.store.remembered import forget, names_under, recall, remember
from sla.duration import Instant

NOW, LATER = Instant(1_000), Instant(2_000)


async def test_a_link_is_used_once(database: Database) -> None:
    token = await database.write(
        lambda conn: tokens.make_link(conn, purpose="board", subject="vera", now=NOW, expires_at=LATER)
    )

    def use(conn: Connection) -> str | None:
        return tokens.use_link(conn, token, purpose="board", now=NOW)

    subjects = await asyncio.gather(*(database.write(use) for _ in range(5)))

    assert sorted(filter(None, subjects)) == ["vera"]


@pytest.mark.parametrize(
    ("purpose", "now", "ending"),
    [
        pytest.param("telegram", NOW, "", id="made for something else"),
        pytest.param("board", LATER, "", id="too late"),
        pytest.param("board", NOW, "x", id="misspelt"),
        pytest.param("board", NOW, "\ud800", id="no text at all"),
    ],
)
async def test_a_link_that_does_not_fit_opens_nothing(
    database: Database, purpose: str, now: Instant, ending: str
) -> None:
    token = await database.write(
        lambda conn: tokens.make_link(conn, purpose="board", subject="vera", now=NOW, expires_at=LATER)
    )

    assert await database.write(lambda conn: tokens.use_link(conn, token + ending, purpose=purpose, now=now)) is None


async def test_no_token_can_be_read_from_the_database(database: Database) -> None:
    def make(conn: Connection) -> tuple[str, str]:
        link = tokens.make_link(conn, purpose="board", subject="vera", now=NOW, expires_at=LATER)
        return link, tokens.open_session(conn, person="vera", now=NOW, expires_at=LATER)

    secrets = await database.write(make)
    stored = await database.read(
        lambda conn: str(
            [*conn.exec_driver_sql("SELECT * FROM link_token"), *conn.exec_driver_sql("SELECT * FROM session")]
        )
    )

    assert all(len(secret) >= 22 and secret not in stored for secret in secrets)


async def test_a_session_lasts_until_it_ends(database: Database) -> None:
    def opened(conn: Connection) -> list[str]:
        return [tokens.open_session(conn, person="vera", now=NOW, expires_at=LATER) for _ in range(3)]

    first, second, third = await database.write(opened)

    def persons(conn: Connection, now: Instant = NOW) -> list[str | None]:
        return [tokens.person_of_session(conn, token, now=now) for token in (first, second, third, "nobody's")]

    assert await database.read(persons) == ["vera", "vera", "vera", None]
    assert await database.read(lambda conn: persons(conn, LATER)) == [None] * 4

    await database.write(lambda conn: tokens.close_session(conn, first))
    assert await database.read(persons) == [None, "vera", "vera", None]
    assert await database.write(lambda conn: tokens.close_sessions_of(conn, "vera")) == 2
    assert await database.read(persons) == [None] * 4


async def test_what_is_over_is_swept_away(database: Database) -> None:
    def make(conn: Connection) -> None:
        tokens.open_session(conn, person="vera", now=NOW, expires_at=LATER)
        tokens.make_link(conn, purpose="board", subject="vera", now=NOW, expires_at=LATER)

    await database.write(make)

    assert await database.write(lambda conn: tokens.forget_expired(conn, now=NOW)) == 0
    assert await database.write(lambda conn: tokens.forget_expired(conn, now=LATER)) == 2


async def test_a_repeated_press_finds_its_answer(database: Database) -> None:
    await database.write(lambda conn: presses.keep(conn, [Answered("slack:1", "Taken.", NOW)]))

    assert await database.read(lambda conn: presses.answers(conn, ["slack:1", "slack:2"])) == {"slack:1": "Taken."}
    with pytest.raises(DBAPIError):
        await database.write(lambda conn: presses.keep(conn, [Answered("slack:1", "Again.", NOW)]))
    assert await database.write(lambda conn: presses.forget(conn, before=LATER)) == 1


async def test_a_value_is_remembered(database: Database) -> None:
    assert await database.read(lambda conn: recall(conn, "zones")) is None

    for value in ("2026a", "2026b"):
        await database.write(partial(remember, key="zones", value=value))

    assert await database.read(lambda conn: recall(conn, "zones")) == "2026b"


async def test_the_audit_trail_is_only_added_to(database: Database) -> None:
    deeds = [Deed(NOW, "dana", "hand over", "ticket:1", {"to": "oleg"}), Deed(NOW, "dana", "apply", "revision:2")]
    await database.write(lambda conn: audit.append(conn, deeds))

    for act in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="only ever added to"):
            await database.write(partial(Connection.exec_driver_sql, statement=act))

    assert await database.read(lambda conn: audit.latest(conn, count=9)) == deeds[::-1]


async def test_what_is_remembered_under_one_beginning_is_listed_and_forgotten(database: Database) -> None:
    def keep(conn: Connection) -> None:
        for name in ("hole:2", "hole:1", "holes", "menus"):
            remember(conn, name, "")

    await database.write(keep)
    assert await database.read(lambda conn: names_under(conn, "hole:")) == ["hole:1", "hole:2"]
    await database.write(lambda conn: forget(conn, ["hole:1", "hole:9"]))
    assert await database.read(lambda conn: names_under(conn, "hole:")) == ["hole:2"]
