"""A client's place that the desk directory gives to another client, or to nobody: what was said there stays theirs."""

from datetime import timedelta

import pytest

from adapters.errors import TemporaryError
from adapters.message import Channel
from bot.tickets.command import AddNote, GiveEta, GoElsewhere, Reply, Resolve
from sla.duration import later
from tests.builders import document, story_desk
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")
TELEGRAM = Channel.TELEGRAM
GROUP = "-1001234"
LINE = "channels = { telegram = [-1001234] }"
TO_GLOBEX = ((LINE, ""), ('manager = "oleg"', f'manager = "oleg"\n{LINE}'))
TO_NOBODY = ((LINE, ""),)
REFUSED = "this place is another client's now, and Acme is not answered there"
TOLD = "T-1: the place of Acme on Telegram is another client's now."


async def given(desk: Story, *change: tuple[str, str]) -> None:
    await desk.apply(document(story_desk(*change)))
    await desk.settle()


async def says(desk: Story, text: str, sender: str = "7001") -> None:
    await desk.receives(sender=sender, address=GROUP, text=text)


def told(desk: Story) -> list[str]:
    return [one.text for one in desk.channels[TELEGRAM].messages(GROUP)]


async def heard(desk: Story, number: int) -> list[str]:
    return [line.text for line in await desk.lines(number) if line.direction == "in"]


def waits(desk: Story) -> None:
    """What is said next on Telegram is not taken for a while."""
    desk.channels[TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))


async def test_nothing_more_is_said_where_another_client_reads(desk: Story) -> None:
    await says(desk, "Payroll failed")
    await desk.does("vera", Reply("Looking"))
    desk.forget()
    await given(desk, *TO_GLOBEX)
    assert "Replies in this thread" not in desk.expect_alert("vera", containing=TOLD)
    card = desk.expect_edit("vera", containing="Acme cannot be answered there")
    assert "Replies in this thread" not in card
    said = told(desk)
    for command in (
        Reply("For Acme alone"),
        GiveEta(later(desk.time.at, timedelta(hours=1))),
        Resolve("Mended for Acme"),
    ):
        answer = await desk.does("vera", command)
        assert (answer.is_refused, REFUSED in answer.text) == (True, True)
    assert not (await desk.does("vera", AddNote("Who reads there?"))).is_refused
    assert not (await desk.does("vera", Resolve(""))).is_refused
    await desk.fast_forward(hours=30)
    assert told(desk) == said
    assert (await desk.ticket()).status.value == "resolved"


@pytest.mark.parametrize(
    ("change", "client"),
    [pytest.param(TO_GLOBEX, "globex", id="another client"), pytest.param(TO_NOBODY, None, id="nobody")],
)
async def test_whoever_writes_there_goes_on_with_no_ticket_of_the_one_before(
    desk: Story, change: tuple[tuple[str, str], ...], client: str | None
) -> None:
    await says(desk, "Payroll failed")
    await given(desk, *change)
    await says(desk, "/status")
    await says(desk, "What about T-1?", sender="7002")
    await says(desk, "And this?", sender="7002")
    assert (await heard(desk, 1), await heard(desk, 2)) == (["Payroll failed"], ["What about T-1?", "And this?"])
    assert (await desk.ticket(2)).client == client
    assert not [one for one in told(desk)[1:] if "Payroll" in one or "Vera" in one]


async def test_what_was_solved_there_is_not_reopened_by_another_client(desk: Story) -> None:
    await says(desk, "Payroll failed")
    await desk.does("vera", Resolve("Mended"))
    await given(desk, *TO_GLOBEX)
    await says(desk, "It fails again")
    assert ((await desk.ticket(1)).status.value, (await desk.ticket(2)).client) == ("resolved", "globex")


async def test_a_client_who_goes_by_another_key_is_answered_as_before(desk: Story) -> None:
    await says(desk, "Payroll failed")
    desk.forget()
    await given(desk, ("[clients.acme]", "[clients.acme_ltd]"))
    assert not (await desk.does("vera", Reply("Looking"))).is_refused
    await says(desk, "Thank you")
    assert (told(desk)[-1], await heard(desk, 1)) == ("Looking", ["Payroll failed", "Thank you"])


async def test_a_contact_of_the_one_before_goes_on_where_it_is_nobodys_and_acts_as_whose_it_is(desk: Story) -> None:
    await says(desk, "Payroll failed", sender="lena")
    await given(desk, *TO_NOBODY)
    await says(desk, "Still failing", sender="lena")
    assert await heard(desk, 1) == ["Payroll failed", "Still failing"]
    await given(desk, *TO_GLOBEX)
    await says(desk, "And what of T-1?", sender="lena")
    assert (len(await heard(desk, 1)), (await desk.ticket(2)).client) == (2, "globex")
    assert (await desk.does("oleg", Reply("That is Globex's"), ticket=2)).text == "Done."
    assert told(desk)[-1] == "That is Globex's"


async def test_where_it_is_nobodys_our_own_people_still_answer(desk: Story) -> None:
    await says(desk, "Payroll failed")
    await given(desk, *TO_NOBODY)
    await desk.does("vera", Reply("We go on by mail"))
    assert told(desk)[-1] == "We go on by mail"


async def test_what_waits_to_be_said_there_fails_and_its_author_hears(desk: Story) -> None:
    await says(desk, "Payroll failed")
    desk.forget()
    waits(desk)
    await desk.does("vera", Reply("For Acme alone"))
    await given(desk, *TO_GLOBEX)
    desk.expect_alert("vera", containing=TOLD)
    await desk.fast_forward(minutes=10)
    desk.expect_alert("vera", containing="the place is another client's now")
    assert [one for one in told(desk) if "alone" in one] == []
    assert (await desk.lines())[-1].state == "failed"
    assert (await desk.clock("first_response")).state == "running"


async def test_a_new_wording_that_waits_is_not_shown_there_and_its_author_hears(desk: Story) -> None:
    await says(desk, "Payroll failed")
    written = await desk.writes("vera", "Looking", under=desk.card("vera"))
    desk.forget()
    waits(desk)
    await desk.rewords("vera", written, "Looking at the account of Acme")
    await given(desk, *TO_GLOBEX)
    await desk.fast_forward(minutes=10)
    desk.expect_alert("vera", containing="the place is another client's now")
    assert [one for one in told(desk) if "account" in one] == []


async def test_what_would_be_said_by_itself_is_left_unsaid(desk: Story) -> None:
    waits(desk)
    await says(desk, "Payroll failed")
    await given(desk, *TO_GLOBEX)
    await desk.fast_forward(minutes=10)
    assert told(desk) == []
    assert [one.error for one in await desk.outbox("dropped")] == ["the place is another client's now"]


async def test_an_answer_that_waits_for_the_one_before_is_left_unsaid(desk: Story) -> None:
    await given(desk, *TO_NOBODY)
    await desk.receives(sender="lena", text="Payroll failed")
    waits(desk)
    await says(desk, "/status", sender="lena")
    await given(desk, *TO_GLOBEX)
    await desk.fast_forward(minutes=10)
    assert told(desk) == []


async def test_a_contact_who_is_known_elsewhere_is_answered_there(desk: Story) -> None:
    await says(desk, "Payroll failed", sender="lena")
    desk.forget()
    await given(desk, *TO_GLOBEX)
    assert "email" in desk.expect_alert("vera", containing=TOLD)
    said = told(desk)
    assert (await desk.does("vera", Reply("For Lena"))).is_refused
    assert not (await desk.does("vera", GoElsewhere("email", "For Lena"))).is_refused
    desk.expect_message("lena", Channel.EMAIL, containing="For Lena")
    assert not (await desk.does("vera", Reply("By mail again"))).is_refused
    desk.expect_message("lena", Channel.EMAIL, containing="By mail again")
    assert told(desk) == said


async def test_given_back_it_is_told_and_answered_again(desk: Story) -> None:
    await says(desk, "Payroll failed")
    await given(desk, *TO_GLOBEX)
    desk.forget()
    await given(desk)
    desk.expect_ping("vera", containing="is open to Acme again")
    assert not (await desk.does("vera", Reply("Looking"))).is_refused
    assert told(desk)[-1] == "Looking"
    assert [one for one in await desk.events() if one.startswith("place")] == ["place_lost", "place_back"]


async def test_each_change_is_told_once_also_after_a_restart(desk: Story) -> None:
    await says(desk, "Payroll failed")
    await given(desk, *TO_GLOBEX)
    desk.expect_alert("vera", containing=TOLD)
    desk.forget()
    await desk.dies()
    await given(desk, *TO_GLOBEX, ('name = "Acme"', 'name = "Acme Ltd"'))
    await desk.fast_forward(minutes=5)
    desk.expect_nothing("vera")
    assert (await desk.events()).count("place_lost") == 1


async def test_a_group_that_was_nobodys_and_becomes_a_clients_is_told_of_to_whoever_served_another_there(
    desk: Story,
) -> None:
    await given(desk, *TO_NOBODY)
    await says(desk, "Payroll failed", sender="lena")
    await says(desk, "It was March", sender="7001")
    assert await heard(desk, 1) == ["Payroll failed", "It was March"]
    desk.forget()
    await given(desk, *TO_GLOBEX)
    desk.expect_alert("vera", containing=TOLD)
    assert (await desk.does("vera", Reply("For Lena"))).is_refused
