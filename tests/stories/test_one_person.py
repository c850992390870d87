"""Two contacts turn out to be one person, or two after all: one person has one history, and nobody loses a word."""

import asyncio
from datetime import timedelta

import pytest

from adapters.errors import TemporaryError
from adapters.message import Channel
from bot.desk.people.contacts import Contacts
from bot.store import audit
from bot.store.people import joining
from bot.tickets.command import Reply, Resolve, SamePerson, TwoPeople
from bot.tickets.texts import Texts
from bot.tickets.ticket import ContactId, Status, TicketId
from bot.web.history import history
from routing.people import PersonId
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
EMAIL, SLACK = Channel.EMAIL, Channel.SLACK
GROUP = "-1001234"
FIRST = SamePerson(TicketId(1))
#: Somebody else at Acme, whom the directory has as a contact of their own.
NORA = (
    'slack = "T2/U9", inapp = "user-17" }]',
    'slack = "T2/U9", inapp = "user-17" }, { name = "Nora", email = "nora@acme.test", telegram = 1007 }]',
)


async def stranger_and_lena(desk: Story) -> None:
    """Lena writes by mail as T-1; from Telegram, where nobody knows her, as T-2."""
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text="The export is slow")
    desk.forget()


def expect_their_manager(desk: Story) -> None:
    """Nobody had taken the stranger's ticket yet, so it goes to Lena's own manager, and both hear of it."""
    desk.expect_message("5001", containing="Vera looks after T-2 from now on.")
    desk.expect_card("vera", containing="T-2 · Acme: The export is slow")


async def test_a_stranger_by_mail_hears_of_their_manager_once_they_are_known(desk: Story) -> None:
    await desk.receives(sender="lena", text="The export is slow")
    await desk.receives(EMAIL, sender="eve", address="eve@other.test#a", text="Payroll failed")
    desk.forget()
    await desk.does("dana", FIRST, ticket=2)
    desk.expect_message("eve@other.test#a", EMAIL, containing="Vera looks after T-2 from now on.")
    assert (await desk.ticket(2)).assignee == "vera"
    desk.forget()
    desk.expect_quiet()


async def test_a_lead_says_so_and_both_have_one_history(desk: Story) -> None:
    await stranger_and_lena(desk)
    stranger = (await desk.ticket(2)).contact
    assert (await desk.does("dana", FIRST, ticket=2)).text == "5001 and Lena are one person now."
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert first.contact == second.contact
    assert (second.client, second.is_verified, second.plan) == ("acme", True, "public")
    assert [one.id for one in (await desk.page(1)).related] == [2]
    await desk.receives(sender="5001", text="/new And the login")
    third = await desk.ticket(3)
    assert (third.contact, third.plan, third.is_verified) == (first.contact, "premium", True)
    desk.forget()
    await desk.does("mira", Reply("Looking"), ticket=2)
    desk.expect_message("5001", containing="Looking")
    assert [one.subject for one in await deeds(desk, "joined")] == [f"contact:{stranger}"]
    desk.expect_quiet()


async def test_one_person_is_written_to_in_the_language_they_asked_for_and_of_two_the_other_is_not(desk: Story) -> None:
    await stranger_and_lena(desk)
    await desk.receives(sender="5001", text="/language es")
    await desk.does("dana", FIRST, ticket=2)
    desk.forget()
    await desk.does("mira", Resolve(""), ticket=2)
    desk.expect_message("5001", containing="Hemos resuelto T-2")
    await desk.does("dana", TwoPeople(), ticket=2)
    await desk.does("vera", Resolve(""), ticket=1)
    desk.expect_message("lena", EMAIL, containing="T-1 is resolved")
    desk.forget()
    await desk.receives(sender="5001", text="/status")
    desk.expect_message("5001", containing="No tiene ninguna solicitud abierta")


async def test_two_people_after_all_have_again_what_each_of_them_said(desk: Story) -> None:
    await stranger_and_lena(desk)
    before = [(await desk.ticket(number)).contact for number in (1, 2)]
    await desk.does("dana", FIRST, ticket=2)
    await desk.receives(sender="5001", text="/new And the login")
    await desk.receives(EMAIL, sender="lena", text="/new A contract")
    assert (await desk.does("dana", TwoPeople(), ticket=2)).text == "5001 and Lena are two people again."
    assert [(await desk.ticket(number)).contact for number in (1, 2, 3, 4)] == [*before, before[1], before[0]]
    assert [(await desk.ticket(number)).client for number in (1, 2, 3, 4)] == ["acme", None, None, "acme"]
    await desk.receives(sender="5001", text="/new Once more")
    again = await desk.ticket(5)
    assert (again.client, again.plan, again.contact) == (None, "public", before[1])
    assert "two_people" in await desk.events(2)
    page = await desk.page(2)
    said = " ".join(one.what for one in history(page, Texts("en", "fixed:+03:00", {})))
    assert "Dana Orlyk said that the contact is 5001 as well" in said
    assert "Dana Orlyk said that Lena is somebody else after all" in said
    desk.forget()
    desk.expect_quiet()


async def test_said_twice_it_is_so_once(desk: Story) -> None:
    await stranger_and_lena(desk)
    await desk.does("dana", FIRST, ticket=2)
    assert (await desk.does("dana", FIRST, ticket=2)).text == "They are one person here already."
    await desk.does("dana", TwoPeople(), ticket=2)
    answer = await desk.does("dana", TwoPeople(), ticket=2)
    assert (answer.is_refused, answer.text) == (True, "Nobody has been taken for one person with somebody else here.")
    assert len(await deeds(desk, "joined")) == len(await deeds(desk, "parted")) == 1
    expect_their_manager(desk)
    desk.expect_quiet()


async def test_two_leads_who_say_so_at_once_make_one_of_it(desk: Story) -> None:
    await stranger_and_lena(desk)
    commands = desk.desk.commands
    answers = await asyncio.gather(
        commands.perform(PersonId("dana"), TicketId(2), FIRST, key="a"),
        commands.perform(PersonId("dana"), TicketId(2), FIRST, key="b"),
    )
    assert sorted(one.is_refused for one in answers) == [False, True]
    assert (await desk.ticket(1)).contact == (await desk.ticket(2)).contact
    await desk.settle()
    expect_their_manager(desk)
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("person", "ticket", "refusal"),
    [
        pytest.param("vera", 2, "Only admin, head, lead", id="a manager may not"),
        pytest.param("dana", 3, "Bill (Initech) and Lena (Acme) belong to two clients", id="never of two clients"),
        pytest.param("dana", 1, "They are one person here already.", id="themselves"),
    ],
)
async def test_what_may_not_be_is_refused_and_changes_nothing(
    desk: Story, person: str, ticket: int, refusal: str
) -> None:
    await stranger_and_lena(desk)
    await desk.receives(sender="bill", text="Hello there")
    desk.forget()
    contacts = [(await desk.ticket(number)).contact for number in (1, 2, 3)]
    answer = await desk.does(person, FIRST, ticket=ticket)
    assert answer.is_refused
    assert refusal.removeprefix("Only ").split(" and ")[0] in answer.text
    assert [(await desk.ticket(number)).contact for number in (1, 2, 3)] == contacts
    desk.expect_quiet()


async def test_a_stranger_named_first_becomes_the_known_contact_and_not_the_other_way_round(desk: Story) -> None:
    await stranger_and_lena(desk)
    known = (await desk.ticket(1)).contact
    await desk.does("dana", SamePerson(TicketId(2)), ticket=1)
    assert [(await desk.ticket(number)).contact for number in (1, 2)] == [known, known]
    expect_their_manager(desk)
    desk.expect_quiet()


async def test_contacts_of_the_directory_stay_one_when_it_is_applied_again(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(NORA))
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="nora", text="The export is slow")
    await desk.does("dana", FIRST, ticket=2)
    await desk.apply(document(story_desk(NORA, ('name = "Story Desk"', 'name = "Another Desk"'))))
    assert (await desk.ticket(1)).contact == (await desk.ticket(2)).contact
    await desk.receives(EMAIL, sender="nora", text="By mail now")
    assert (await desk.ticket(3)).contact == (await desk.ticket(1)).contact
    await desk.does("dana", TwoPeople(), ticket=2)
    nora = (await desk.ticket(2)).contact
    assert [(await desk.ticket(number)).contact == nora for number in (1, 2, 3)] == [False, True, True]
    await desk.apply(document(story_desk(NORA)))
    await desk.receives(sender="nora", text="/new Again")
    assert ((await desk.ticket(4)).contact, (await desk.page(4)).facts.speaker.name) == (nora, "Nora")
    desk.forget()
    desk.expect_quiet()


async def test_whom_the_directory_moves_to_another_client_is_somebody_else_again(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(NORA))
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="nora", text="The export is slow")
    await desk.does("dana", FIRST, ticket=2)
    moved = (
        'contacts = [{ name = "Bill"',
        'contacts = [{ name = "Nora", email = "nora@acme.test", telegram = 1007 }, { name = "Bill"',
    )
    await desk.apply(document(story_desk(moved)))
    await desk.receives(sender="nora", text="/new Mine")
    third = await desk.ticket(3)
    assert (third.client, third.contact == (await desk.ticket(1)).contact) == ("initech", False)
    assert await desk.database.read(joining.joined) == []
    desk.forget()
    desk.expect_quiet()


async def test_an_address_that_an_admin_gives_to_another_contact_brings_what_was_said_there(desk: Story) -> None:
    await stranger_and_lena(desk)
    named = ("telegram = 1001, email", "telegram = 5001, email")
    await desk.apply(document(story_desk(named)))
    assert (await desk.ticket(1)).contact == (await desk.ticket(2)).contact
    await desk.receives(sender="5001", text="/new The login")
    assert (await desk.ticket(3)).client == "acme"
    desk.forget()
    desk.expect_quiet()


async def test_three_contacts_in_a_row_come_apart_one_by_one(desk: Story) -> None:
    await stranger_and_lena(desk)
    await desk.receives(SLACK, sender="T2/U10", text="It is me as well")
    first, second, third = [(await desk.ticket(number)).contact for number in (1, 2, 3)]
    await desk.does("dana", SamePerson(TicketId(2)), ticket=3)
    await desk.does("dana", FIRST, ticket=2)
    assert {(await desk.ticket(number)).contact for number in (1, 2, 3)} == {first}
    contacts = Contacts(desk.desk.revisions, desk.desk.directory)

    async def part(gone: ContactId) -> None:
        await desk.database.write(lambda conn: contacts.part(conn, PersonId("dana"), gone, now=desk.time.at))

    await part(second)
    assert [(await desk.ticket(number)).contact for number in (1, 2, 3)] == [first, second, second]
    await part(third)
    assert [(await desk.ticket(number)).contact for number in (1, 2, 3)] == [first, second, third]
    await desk.settle()
    desk.forget()
    desk.expect_quiet()


async def test_what_followed_somebody_who_is_another_person_goes_back_to_its_own_contact(desk: Story) -> None:
    await stranger_and_lena(desk)
    lena, stranger = [(await desk.ticket(number)).contact for number in (1, 2)]
    await desk.does("dana", FIRST, ticket=2)
    await desk.receives(sender="5001", text="T-1 was March")
    await desk.receives(EMAIL, sender="lena", text="T-2 is slow as well")
    await desk.does("dana", TwoPeople(), ticket=2)
    desk.forget()
    assert [(await desk.ticket(number)).contact for number in (1, 2)] == [lena, stranger]
    await desk.does("vera", Reply("For Lena alone"), ticket=1)
    desk.expect_message("lena", EMAIL, containing="For Lena alone")
    await desk.does("mira", Reply("For the other one"), ticket=2)
    desk.expect_message("5001", containing="For the other one")
    desk.expect_quiet()
    await desk.receives(sender="5001", text="And T-1?")
    assert "And T-1?" not in [line.text for line in await desk.lines(1)]
    desk.forget()
    desk.expect_quiet()


async def test_what_waits_to_be_said_to_who_is_another_person_is_said_to_its_own_contact(desk: Story) -> None:
    await stranger_and_lena(desk)
    await desk.does("dana", FIRST, ticket=2)
    await desk.receives(sender="5001", text="T-1 was March")
    desk.forget()
    desk.channels[Channel.TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
    await desk.does("vera", Reply("For Lena alone"), ticket=1)
    await desk.does("dana", TwoPeople(), ticket=2)
    desk.expect_message("lena", EMAIL, containing="For Lena alone")
    await desk.fast_forward(minutes=10)
    desk.expect_nothing("5001")


async def test_what_was_resolved_for_a_client_is_reopened_by_no_stranger(desk: Story) -> None:
    await stranger_and_lena(desk)
    await desk.does("dana", FIRST, ticket=2)
    await desk.does("mira", Resolve("Done"), ticket=2)
    await desk.does("dana", TwoPeople(), ticket=2)
    await desk.receives(sender="5001", text="Not yet")
    third = await desk.ticket(3)
    assert ((await desk.ticket(2)).status, third.client, third.plan) == (Status.RESOLVED, None, "public")
    desk.forget()
    desk.expect_quiet()


async def test_a_stranger_who_spoke_for_another_client_in_its_group_is_nobody_elses_contact(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.receives(sender="bill", text="Hello there")
    desk.forget()
    answer = await desk.does("dana", SamePerson(TicketId(2)), ticket=1)
    assert (answer.is_refused, "belong to two clients" in answer.text) == (True, True)
    assert (await desk.ticket(1)).contact != (await desk.ticket(2)).contact
    await desk.receives(sender="bill", text="What about T-1?")
    assert len([line for line in await desk.lines(1) if line.direction == "in"]) == 1
    desk.forget()
    desk.expect_quiet()


async def deeds(desk: Story, action: str) -> list[audit.Deed]:
    return [one for one in await desk.database.read(lambda conn: audit.latest(conn, count=50)) if one.action == action]
