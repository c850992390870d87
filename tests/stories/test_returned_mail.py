"""A mail to one of our own people that comes back: what it said reaches them another way, and somebody mends it."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.store.delivery import failing
from bot.tickets.command import Reply
from tests.builders import ON_MAIL, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

TELEGRAM, MAIL, BOARD, CHAT = Channel.TELEGRAM, Channel.EMAIL, Channel.BOARD, Channel.INAPP
VERA, DANA, INES = "vera@desk.test", "dana@desk.test", "ines@desk.test"
GONE = "5.1.1 nobody of that name here"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people have nothing but mail, and Vera has a ticket."""
    desk = await make_desk(story_desk(*ON_MAIL))
    desk.works_on = MAIL
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed")
    return desk


async def comes_back(desk: Story, address: str, place: int = -1, state: str = "failed") -> None:
    name = desk.channels[MAIL].shown(address)[place].external_id
    assert state in {"failed", "delivered"}
    await desk.channels[MAIL].notices(address, name, "failed" if state == "failed" else "delivered", GONE)
    await desk.settle()


def on_the_board(desk: Story, person: str) -> list[str]:
    return [one.text for one in desk.channels[BOARD].shown(person)]


async def test_a_card_that_comes_back_stands_on_the_board_and_an_admin_is_told_once(desk: Story) -> None:
    desk.forget()
    await comes_back(desk, VERA)
    await comes_back(desk, VERA)
    (card,) = on_the_board(desk, "vera")
    assert "T-1 · Acme" in card
    desk.expect_card("vera", containing="T-1 · Acme")
    told = desk.expect_ping("dana", containing="A mail of ours to Vera Kova (vera@desk.test) came back")
    assert GONE in told
    desk.expect_quiet()


async def test_an_alert_that_comes_back_is_told_on_the_next_way_and_a_kill_in_between_tells_nobody_twice(
    desk: Story,
) -> None:
    await desk.go_to(NOON + timedelta(minutes=61))
    desk.forget()
    await comes_back(desk, VERA)
    await desk.dies()
    await comes_back(desk, VERA)
    assert ["overdue" in one for one in on_the_board(desk, "vera")] == [True]
    desk.expect_ping("vera", containing="overdue")
    desk.expect_ping("dana", containing="came back")
    desk.expect_quiet()


async def test_whoever_is_told_of_it_may_be_out_of_reach_as_well_and_it_ends_on_the_board(desk: Story) -> None:
    desk.forget()
    await comes_back(desk, VERA)
    for _ in range(3):
        await comes_back(desk, DANA)
    about_vera, about_herself = on_the_board(desk, "dana")
    assert "Vera Kova (vera@desk.test)" in about_vera
    assert "(dana@desk.test)" in about_herself
    desk.forget()
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()


async def test_a_policy_against_what_one_of_us_is_sent_flags_no_address(desk: Story) -> None:
    desk.forget()
    name = desk.channels[MAIL].shown(VERA)[-1].external_id
    await desk.channels[MAIL].notices(VERA, name, "failed", "550 5.7.1 not from you", is_address=False)
    await desk.settle()
    desk.expect_card("vera", containing="T-1 · Acme")
    desk.expect_ping("dana", containing="550 5.7.1 not from you")
    assert await desk.database.read(lambda conn: failing.failing(conn, [f"email:{VERA}"])) == {}
    desk.expect_quiet()


async def test_an_address_that_returns_more_the_same_day_is_told_no_more(desk: Story) -> None:
    await comes_back(desk, VERA)
    await desk.receives(TELEGRAM, sender="lena", text="And the export?")
    await desk.fast_forward(minutes=5)
    await desk.receives(TELEGRAM, sender="lena", text="Hello?")
    desk.forget()
    await comes_back(desk, VERA)
    desk.expect_ping("vera", containing="Hello?")
    desk.expect_quiet()


async def test_replies_that_followed_to_a_clients_mail_and_came_back_are_told_to_their_author(
    make_desk: MakeStory,
) -> None:
    desk = await make_desk()
    await desk.receives(CHAT, sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking at it"))
    await desk.fast_forward(minutes=31)
    desk.forget()
    await comes_back(desk, "lena@acme.test")
    await comes_back(desk, "lena@acme.test")
    desk.expect_ping("vera", containing=f"did not reach Acme: {GONE}")
    desk.expect_quiet()


async def calls_unwanted(desk: Story, address: str, name: str) -> None:
    """Twice, as some providers report it."""
    for _ in range(2):
        await desk.channels[MAIL].notices(address, name, "unwanted", "abuse")
        await desk.settle()


async def test_a_reply_that_is_called_spam_is_told_to_whoever_has_the_ticket_once(desk: Story) -> None:
    await desk.receives(MAIL, sender="lena", address="lena@acme.test#a1", text="The export failed")
    await desk.does("vera", Reply("It runs again."), ticket=2)
    name = desk.channels[MAIL].messages("lena@acme.test#a1")[-1].external_id
    desk.forget()
    await calls_unwanted(desk, "lena@acme.test#a1", name)
    desk.expect_ping("vera", containing="lena@acme.test reported our mail on T-2 as spam")
    assert not await desk.is_there(3)
    assert [line.state for line in await desk.lines(2) if line.kind == "reply"] == ["sent"]
    assert (await desk.page(2)).failing == {}
    desk.expect_quiet()


async def test_what_was_never_sent_is_called_spam_by_nobody_and_a_ping_by_mistake(desk: Story) -> None:
    desk.forget()
    await desk.channels[MAIL].notices(VERA, "never-sent", "unwanted")
    await desk.settle()
    desk.expect_quiet()
    await calls_unwanted(desk, VERA, desk.channels[MAIL].shown(VERA)[-1].external_id)
    desk.expect_ping("vera", containing="vera@desk.test reported our mail on T-1 as spam")
    desk.expect_quiet()
