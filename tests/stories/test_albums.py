"""Several files that a client sends as one: one message, one ticket, one receipt, whatever way they come."""

import pytest

from adapters.card import OutboundCard
from adapters.message import Attachment, Channel, Untrusted
from bot.tickets.command import Reply
from sla.clock import State
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")
ALBUM = "1001:album:77"
GROUP = "-1001234"
GROUP_ALBUM = f"{GROUP}:album:78"
TELEGRAM, SLACK = Channel.TELEGRAM, Channel.SLACK


def photo(number: int) -> Attachment:
    return Attachment(Untrusted(f"photo-{number}.jpg"), "image/jpeg", 1000 + number, digest=f"{number:064x}")


async def sends(desk: Story, *numbers: int, captions: dict[int, str] | None = None, sender: str = "lena") -> None:
    """Parts of one album come together, each in a delivery of its own."""
    for number in numbers:
        text = (captions or {}).get(number, "")
        await desk.arrives(
            sender=sender, text=text, external_id=f"1001:{number}", attachments=(photo(number),), album=ALBUM
        )
    await desk.settle()


def relayed(desk: Story) -> list[list[str]]:
    """The files in each message under Vera's cards."""
    shown = [one.message for one in desk.channels[SLACK].shown("T1/U1")]
    return [
        [file.name for file in one.attachments]
        for one in shown
        if isinstance(one, OutboundCard) and one.reply_to is not None
    ]


async def test_an_album_is_one_message_with_all_its_files(desk: Story) -> None:
    await sends(desk, 1, 2, 3, captions={1: "Payroll failed, see here"})
    desk.expect_message("lena", containing="Thank you, we have it (T-1).")
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed, see here")
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert line.text == "Payroll failed, see here"
    assert [one.name for one in line.attachments] == ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]
    assert not await desk.is_there(2)
    await desk.fast_forward(seconds=3)
    assert relayed(desk) == [["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]]
    desk.expect_under("vera", containing="Lena\n> 📎 photo-1.jpg\n📎 photo-2.jpg\n📎 photo-3.jpg")
    desk.expect_quiet()


async def test_an_album_without_words_goes_by_the_name_of_its_first_file(desk: Story) -> None:
    await sends(desk, 1)
    await desk.fast_forward(seconds=3)
    await sends(desk, 2, 3)
    await desk.fast_forward(seconds=3)
    assert (await desk.ticket()).subject == "photo-1.jpg"
    desk.expect_message("lena", containing="Thank you, we have it (T-1).")
    desk.expect_card("vera", containing="T-1 · Acme: photo-1.jpg")
    assert relayed(desk) == [["photo-1.jpg"], ["photo-2.jpg", "photo-3.jpg"]]
    desk.forget()
    desk.expect_quiet()


async def test_each_part_counts_once_in_whatever_order_and_however_often_it_comes(desk: Story) -> None:
    await sends(desk, 3, 1)
    await sends(desk, 3, 1)
    await desk.fast_forward(seconds=3)
    await sends(desk, 2, 1, 3, 2, captions={2: "Payroll failed"})
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert sorted(one.name for one in line.attachments) == ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]
    assert line.text == "Payroll failed"
    await desk.fast_forward(seconds=3)
    assert relayed(desk) == [["photo-3.jpg", "photo-1.jpg"], ["photo-2.jpg"]]
    desk.expect_message("lena", containing="Thank you, we have it (T-1).")
    desk.expect_card("vera", containing="T-1 · Acme: photo-3.jpg")
    desk.expect_quiet()


async def test_an_album_in_a_groups_own_name_is_one_message_too(desk: Story) -> None:
    doubt = "written in the group's own name, by an administrator of it"
    for number in (1, 2, 3):
        await desk.arrives(
            sender=GROUP, address=GROUP, text="", attachments=(photo(number),), album=GROUP_ALBUM, doubt=doubt
        )
    await desk.settle()
    await desk.fast_forward(seconds=3)
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert [one.name for one in line.attachments] == ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]
    assert relayed(desk) == [["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]]
    assert (await desk.ticket()).subject == "photo-1.jpg"
    desk.expect_edit("vera", containing=f"Unverified sender: {doubt}")
    desk.forget()
    desk.expect_quiet()


async def test_a_restart_between_two_parts_loses_and_doubles_nothing(desk: Story) -> None:
    await sends(desk, 1)
    await desk.dies()
    await sends(desk, 1, 2)
    await desk.fast_forward(seconds=3)
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert [one.name for one in line.attachments] == ["photo-1.jpg", "photo-2.jpg"]
    assert relayed(desk) == [["photo-1.jpg", "photo-2.jpg"]]
    desk.forget()
    desk.expect_quiet()


async def test_a_caption_that_comes_with_the_last_file_names_the_ticket_and_its_urgency(desk: Story) -> None:
    await sends(desk, 1, 2, captions={2: "Everything is down"})
    ticket = await desk.ticket()
    assert (ticket.subject, ticket.urgency) == ("Everything is down", "critical")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.target_ms, clock.started_at) == (State.RUNNING, 15 * 60_000, ticket.opened_at)
    await desk.fast_forward(seconds=3)
    desk.expect_edit("vera", containing="T-1 · Acme: Everything is down")
    desk.forget()
    desk.expect_quiet()


async def test_the_clocks_of_an_album_begin_once(desk: Story) -> None:
    await sends(desk, 1)
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(minutes=5)
    await sends(desk, 2, captions={2: "and this"})
    assert "next_response" not in {clock.metric for clock in (await desk.page()).facts.clocks}
    assert [one.text for one in await desk.lines() if one.direction == "in"] == ["and this"]
    await desk.fast_forward(seconds=3)
    desk.forget()
    desk.expect_quiet()


async def test_an_album_on_a_ticket_that_goes_on_is_repeated_under_its_card_in_one_piece(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Please send what you see"))
    desk.forget()
    await sends(desk, 1, 2, captions={1: "This"})
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.fast_forward(seconds=3)
    assert desk.expect_under("vera", containing="📎").splitlines()[-3:] == [
        "> This",
        "📎 photo-1.jpg",
        "📎 photo-2.jpg",
    ]
    assert relayed(desk)[-1] == ["photo-1.jpg", "photo-2.jpg"]
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("1001:1", "Payroll has failed\nsee March", id="its first part"),
        pytest.param("1001:2", "Payroll failed\nPayroll has failed", id="a further part"),
    ],
)
async def test_an_edit_changes_the_words_of_its_own_part(desk: Story, name: str, words: str) -> None:
    await sends(desk, 1, 2, captions={1: "Payroll failed", 2: "see March"})
    await desk.fast_forward(seconds=3)
    await desk.edits("lena", name, "Payroll has failed")
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert (line.text, line.is_edited) == (words, True)
    desk.forget()
    desk.expect_quiet()


async def test_a_reply_to_any_part_belongs_to_the_ticket_of_the_album(desk: Story) -> None:
    await sends(desk, 1, 2, captions={1: "Payroll failed"})
    await desk.receives(sender="lena", text="/new And the export hangs")
    await desk.receives(sender="lena", text="It is March", reply_to="1001:2")
    assert (await desk.lines(1))[-1].text == "It is March"
    desk.forget()
    desk.expect_quiet()


async def test_what_one_of_ours_sends_into_the_clients_group_as_an_album_is_one_reply(desk: Story) -> None:
    group = "-1001234"
    await desk.receives(sender="7001", address=group, text="Payroll failed")
    for number in (1, 2):
        await desk.receives(
            sender="vera",
            address=group,
            text="",
            external_id=f"{group}:{number}",
            attachments=(photo(number),),
            album="a",
        )
    (line,) = [one for one in await desk.lines() if one.kind == "reply"]
    assert (line.author, [one.name for one in line.attachments]) == ("vera", ["photo-1.jpg", "photo-2.jpg"])
    assert (await desk.clock("first_response")).state is State.MET
    desk.forget()
    desk.expect_quiet()


async def test_a_file_that_its_sender_replaces_is_a_version_and_repeated_under_the_card(desk: Story) -> None:
    raw = await desk.arrives(sender="lena", text="The list", attachments=(photo(1),))
    await desk.settle()
    desk.forget()
    telegram = desk.channels[TELEGRAM]
    await telegram.edits("1001", raw.external_id, "The list", attachments=(photo(1),))
    await desk.settle()
    desk.expect_quiet()
    for _ in range(2):
        await telegram.edits("1001", raw.external_id, "The list", attachments=(photo(2),))
        await desk.settle()
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert (line.text, line.is_edited) == ("The list", True)
    assert [one.name for one in line.attachments] == ["photo-1.jpg", "photo-2.jpg"]
    page = await desk.page()
    assert [one.text for one in page.versions[line.id]] == ["The list\n\N{PAPERCLIP} photo-1.jpg"]
    desk.expect_under("vera", containing="Lena changed a message\n> The list\n📎 photo-2.jpg")
    assert relayed(desk) == [["photo-1.jpg"], ["photo-2.jpg"]]
    desk.forget()
    desk.expect_quiet()
    assert not await desk.is_there(2)
