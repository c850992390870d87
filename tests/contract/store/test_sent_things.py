"""What a channel shows of ours, as far as it must be known later: buttons by their names, parts of long messages."""

from functools import partial

from bot.store.channels import buttons
from bot.store.channels.buttons import NamedButton
from bot.store.delivery import parts
from bot.store.delivery.parts import Taken
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from sla.duration import Instant

NOW, LATER = Instant(1_000), Instant(2_000)


def button(name: str, *, at: Instant = NOW, value: str = "T-1") -> NamedButton:
    return NamedButton(name, "telegram:desk:42", "ticket.take", value, at)


async def test_a_button_is_found_by_its_name(database: Database, committer: Committer) -> None:
    await committer.commit(buttons.keep, [button("a"), button("b", value="T-2")])
    assert await database.read(lambda conn: buttons.find(conn, "b")) == button("b", value="T-2")
    assert await database.read(lambda conn: buttons.find(conn, "c")) is None


async def test_a_button_that_is_drawn_again_is_kept_for_longer(database: Database, committer: Committer) -> None:
    await committer.commit(buttons.keep, [button("a"), button("b")])
    await committer.commit(buttons.keep, [button("a", at=LATER), button("a", at=LATER)])
    assert await database.write(partial(buttons.forget, before=LATER)) == 1
    assert await database.read(lambda conn: buttons.find(conn, "a")) == button("a", at=LATER)
    assert await database.read(lambda conn: buttons.find(conn, "b")) is None


async def test_the_buttons_of_many_messages_are_kept_at_once(database: Database, committer: Committer) -> None:
    await committer.commit_all(buttons.keep, [[button("a"), button(f"b{number}")] for number in range(20)])
    assert await database.write(partial(buttons.forget, before=LATER)) == 21


async def test_a_message_goes_on_after_the_parts_that_were_taken(database: Database, committer: Committer) -> None:
    await committer.commit(parts.take, Taken("reply-1", {0: "42:7"}, NOW))
    await committer.commit(parts.take, Taken("reply-1", {0: "42:7", 1: "42:8"}, LATER))
    await committer.commit(parts.take, Taken("reply-2", {0: "42:9"}, LATER))
    assert await database.read(lambda conn: parts.taken(conn, "reply-1")) == {0: "42:7", 1: "42:8"}
    assert await database.read(lambda conn: parts.taken(conn, "reply-3")) == {}


async def test_a_part_says_which_message_it_belongs_to(database: Database, committer: Committer) -> None:
    await committer.commit(parts.take, Taken("reply-1", {0: "42:7", 1: "42:8"}, NOW))
    assert await database.read(lambda conn: parts.key_of(conn, "42:8")) == "reply-1"
    assert await database.read(lambda conn: parts.key_of(conn, "42:9")) is None


async def test_a_part_that_was_said_anew_has_another_name(database: Database, committer: Committer) -> None:
    await committer.commit(parts.take, Taken("reply-1", {0: "42:7", 1: "42:8"}, NOW))
    await committer.commit(parts.take, Taken("reply-1", {1: "42:11"}, LATER))
    assert await database.read(lambda conn: parts.taken(conn, "reply-1")) == {0: "42:7", 1: "42:11"}


async def test_parts_of_long_ago_are_forgotten(database: Database, committer: Committer) -> None:
    await committer.commit_all(
        parts.take, [Taken("reply-1", {0: "42:7", 1: "42:8"}, NOW), Taken("reply-2", {0: "42:9"}, LATER)]
    )
    assert await database.write(partial(parts.forget, before=LATER)) == 2
    assert await database.read(lambda conn: parts.taken(conn, "reply-2")) == {0: "42:9"}
