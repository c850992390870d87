"""Several files that one of our people sends as one: one reply or one note, wherever among them the words stand."""

from dataclasses import replace

import pytest

from adapters.errors import PermanentError
from adapters.message import Attachment, Channel, Untrusted
from bot.store.channels import topics
from bot.store.channels.topics import Known
from tests.builders import ON_TELEGRAM, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TELEGRAM, MAIL = Channel.TELEGRAM, Channel.EMAIL
FORUM, ACME = "-100777", "-100777#55"
SHARED = ('public_plan = "public"', f'public_plan = "public"\ncards = {{ telegram = "{FORUM}" }}')


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people work in Telegram; Lena wrote by mail, and Vera has the ticket."""
    return await opened(await make_desk(story_desk(*ON_TELEGRAM)))


async def opened(desk: Story) -> Story:
    desk.works_on = TELEGRAM
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    return desk


async def sends(desk: Story, *texts: str, first: int = 1, under: str | None = None, address: str = "2001") -> None:
    """Files of one album, with these captions, that come together."""
    for number, text in enumerate(texts, first):
        await desk.own.says(
            address,
            text,
            sender="2001",
            name="Vera",
            reply_to=under,
            external_id=f"{address}:{900 + number}",
            attachments=(Attachment(Untrusted(f"photo-{number}.jpg"), "image/jpeg", 9, digest=f"{number:064x}"),),
            album=f"{address}:album:9",
        )
    await desk.settle()


async def notes(desk: Story) -> list[str]:
    return [note.text for note in (await desk.page()).notes]


async def said(desk: Story) -> list[tuple[str, list[str]]]:
    """What was said to Lena by our people, and the files with it."""
    return [
        (line.text, [file.name for file in line.attachments]) for line in await desk.lines() if line.kind == "reply"
    ]


async def test_an_album_under_a_card_is_one_reply_with_all_its_files(desk: Story) -> None:
    await sends(desk, "See here", "", "and here", under=desk.card("vera"))
    desk.expect_nothing("lena", MAIL)
    await desk.fast_forward(seconds=11)
    desk.expect_message("lena", MAIL, containing="See here\nand here")
    assert await said(desk) == [("See here\nand here", ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"])]
    assert desk.own.standing("2001:901") == "sent"
    desk.expect_quiet()


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(("// internal", "", ""), id="with the first"),
        pytest.param(("", "// internal", ""), id="with the second"),
        pytest.param(("", "", "// internal"), id="with the last"),
    ],
)
async def test_two_slashes_with_any_file_keep_all_of_them_in(desk: Story, texts: tuple[str, ...]) -> None:
    await sends(desk, *texts, under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    desk.expect_nothing("lena", MAIL)
    kept = "\n".join(await notes(desk))
    assert all(words in kept for words in ("internal", "photo-1.jpg", "photo-2.jpg", "photo-3.jpg"))
    assert (await desk.clock("first_response")).state == "running"


async def test_two_slashes_below_a_greeting_with_a_later_file_keep_all_of_them_in(desk: Story) -> None:
    await sends(desk, "", "Hi Lena,\n// they owe us", under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    desk.expect_nothing("lena", MAIL)
    kept = "Hi Lena,\n// they owe us\n\N{PAPERCLIP} photo-1.jpg\n\N{PAPERCLIP} photo-2.jpg"
    assert await notes(desk) == [kept]
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_message("vera", TELEGRAM, containing="your reply had not left yet and was taken back")
    desk.expect_quiet()


async def test_two_slashes_below_a_greeting_when_the_other_files_have_left_are_kept_in(desk: Story) -> None:
    await sends(desk, "See here", under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    await sends(desk, "Hi Lena,\n// they owe us", first=2, under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    assert await said(desk) == [("See here", ["photo-1.jpg"])]
    assert await notes(desk) == ["Hi Lena,\n// they owe us\n\N{PAPERCLIP} photo-2.jpg"]


async def test_a_command_for_clients_with_a_later_file_sends_nothing(desk: Story) -> None:
    await sends(desk, "", "/status", under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    desk.expect_nothing("lena", MAIL)
    assert (await desk.clock("first_response")).state == "running"


async def test_files_that_come_again_and_a_restart_between_them_change_nothing(desk: Story) -> None:
    card = desk.card("vera")
    await sends(desk, "See here", under=card)
    await desk.dies()
    await sends(desk, "See here", "", under=card)
    await sends(desk, "", first=2, under=card)
    await desk.fast_forward(minutes=1)
    assert await said(desk) == [("See here", ["photo-1.jpg", "photo-2.jpg"])]
    desk.expect_message("lena", MAIL, containing="See here")
    desk.expect_quiet()


async def test_a_file_that_comes_when_the_reply_has_left_is_a_reply_of_its_own(desk: Story) -> None:
    await sends(desk, "See here", under=desk.card("vera"))
    await desk.fast_forward(minutes=1)
    await sends(desk, "", first=2, under=desk.card("vera"))
    await sends(desk, "// of last year", first=3, under=desk.card("vera"))
    assert await said(desk) == [("See here", ["photo-1.jpg"]), ("", ["photo-2.jpg"])]
    assert await notes(desk) == ["of last year\n\N{PAPERCLIP} photo-3.jpg"]


async def test_words_with_a_later_file_can_be_changed_before_they_leave(desk: Story) -> None:
    await sends(desk, "See here", "and there", under=desk.card("vera"))
    await desk.rewords("vera", "2001:902", "and in March")
    await desk.fast_forward(minutes=1)
    desk.expect_message("lena", MAIL, containing="See here\nand in March")
    desk.expect_quiet()


async def test_words_that_come_long_after_the_first_files_still_keep_all_of_them_in(desk: Story) -> None:
    card = desk.card("vera")
    await sends(desk, "", under=card)
    await desk.fast_forward(seconds=25)
    await sends(desk, "// internal", first=2, under=card)
    await desk.fast_forward(minutes=2)
    desk.expect_nothing("lena", MAIL)
    assert "\n".join(await notes(desk)) == "internal\n\N{PAPERCLIP} photo-1.jpg\n\N{PAPERCLIP} photo-2.jpg"
    desk.expect_message("vera", TELEGRAM, containing="your reply had not left yet and was taken back")
    desk.expect_quiet()


async def test_a_note_that_comes_when_the_other_files_have_left_is_kept_in_and_that_is_said(desk: Story) -> None:
    card = desk.card("vera")
    await sends(desk, "", under=card)
    await desk.fast_forward(seconds=31)
    desk.expect_message("lena", MAIL, containing="")
    await sends(desk, "// internal", first=2, under=card)
    await desk.fast_forward(minutes=1)
    desk.expect_message(
        "vera", TELEGRAM, containing="what Lena has been sent already cannot be taken back: photo-1.jpg"
    )
    assert await notes(desk) == ["internal\n\N{PAPERCLIP} photo-2.jpg"]
    assert await said(desk) == [("", ["photo-1.jpg"])]
    desk.expect_quiet()


FILE = Attachment(Untrusted("list.xlsx"), "application/x", 9, digest="f" * 64)


@pytest.mark.parametrize("is_under_it", [True, False], ids=["under the file", "alone"])
async def test_two_slashes_right_after_a_file_without_words_mean_the_file(desk: Story, is_under_it: bool) -> None:  # noqa: FBT001
    file = await desk.writes("vera", "", under=desk.card("vera"), attachments=(FILE,))
    await desk.writes("vera", "// what they owe us", under=file if is_under_it else None)
    await desk.fast_forward(minutes=1)
    desk.expect_nothing("lena", MAIL)
    assert await notes(desk) == ["what they owe us\n\N{PAPERCLIP} list.xlsx"]
    desk.expect_message("vera", TELEGRAM, containing="your reply had not left yet and was taken back")
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()


async def test_a_file_without_words_leaves_after_a_moment_and_a_note_later_is_about_nothing_else(desk: Story) -> None:
    card = desk.card("vera")
    await desk.writes("vera", "", under=card, attachments=(FILE,))
    desk.expect_nothing("lena", MAIL)
    await desk.fast_forward(seconds=11)
    desk.expect_message("lena", MAIL, containing="")
    await desk.writes("vera", "// sent", under=card)
    assert await said(desk) == [("", ["list.xlsx"])]
    assert await notes(desk) == ["sent"]
    desk.expect_quiet()


@pytest.mark.parametrize("words", ["", "The list"], ids=["without words", "with words"])
async def test_two_slashes_under_a_file_that_has_left_are_a_note_and_say_which_file_is_out(
    desk: Story, words: str
) -> None:
    file = await desk.writes("vera", words, under=desk.card("vera"), attachments=(FILE,))
    await desk.fast_forward(seconds=31)
    desk.expect_message("lena", MAIL, containing=words)
    await desk.writes("vera", "// what they owe us", under=file)
    told = desk.expect_message("vera", TELEGRAM, containing="kept as a note, but what Lena has been sent already")
    assert told.endswith("cannot be taken back: list.xlsx")
    assert (await said(desk), await notes(desk)) == ([(words, ["list.xlsx"])], ["what they owe us"])
    await desk.dies()
    await desk.fast_forward(minutes=1)
    desk.expect_quiet()


async def test_a_file_that_has_left_is_named_where_its_words_become_a_note_too_late(desk: Story) -> None:
    file = await desk.writes("vera", "The list", under=desk.card("vera"), attachments=(FILE,))
    await desk.fast_forward(seconds=31)
    desk.expect_message("lena", MAIL, containing="The list")
    await desk.own.edits("2001", file, "// The list", sender="2001", attachments=(FILE,))
    await desk.settle()
    told = desk.expect_message("vera", TELEGRAM, containing="what Lena has been sent already cannot be taken back")
    assert told.endswith(": list.xlsx")
    assert await said(desk) == [("The list", ["list.xlsx"])]
    desk.expect_quiet()


async def test_two_slashes_under_a_file_that_never_left_say_nothing_of_it(desk: Story) -> None:
    desk.channels[MAIL].fail_next(PermanentError("no such mailbox"))
    file = await desk.writes("vera", "The list", under=desk.card("vera"), attachments=(FILE,))
    await desk.fast_forward(seconds=31)
    desk.forget()
    await desk.writes("vera", "// what they owe us", under=file)
    desk.expect_quiet()


async def test_a_file_that_cannot_leave_for_long_is_not_taken_back_by_a_note_about_something_else(desk: Story) -> None:
    card = desk.card("vera")
    desk.channels[MAIL].down()
    await desk.writes("vera", "", under=card, attachments=(FILE,))
    await desk.fast_forward(minutes=20)
    await desk.writes("vera", "// they will call back", under=card)
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=20)
    desk.expect_message("lena", MAIL, containing="")
    assert await said(desk) == [("", ["list.xlsx"])]
    assert await notes(desk) == ["they will call back"]
    desk.expect_quiet()


async def test_a_file_that_is_replaced_before_it_leaves_is_taken_back(desk: Story) -> None:
    file = await desk.writes("vera", "The list", under=desk.card("vera"), attachments=(FILE,))
    desk.forget()
    other = replace(FILE, name=Untrusted("right.xlsx"), digest="e" * 64)
    await desk.own.edits("2001", file, "The list", sender="2001", attachments=(FILE,))
    await desk.settle()
    desk.expect_quiet()
    await desk.own.edits("2001", file, "The list", sender="2001", attachments=(other,))
    await desk.settle()
    desk.expect_message("vera", TELEGRAM, containing="Lena has the file you sent first")
    assert await said(desk) == [("The list", ["list.xlsx"])]
    bare = await desk.writes("vera", "", under=desk.card("vera"), attachments=(FILE,))
    await desk.own.edits("2001", bare, "", sender="2001", attachments=(other,))
    await desk.settle()
    desk.expect_message("vera", TELEGRAM, containing="your reply had not left yet and was taken back")
    await desk.fast_forward(minutes=1)
    desk.expect_nothing("lena", MAIL)


async def test_an_album_that_answers_nothing_is_told_so_once(desk: Story) -> None:
    await sends(desk, "", "", "")
    desk.expect_message("vera", TELEGRAM, containing="This went to nobody.")
    desk.expect_quiet()


async def test_an_album_in_a_clients_topic_is_a_note(make_desk: MakeStory) -> None:
    desk = await opened(await make_desk(story_desk(SHARED, *ON_TELEGRAM)))
    at = desk.time.at
    await desk.database.write(lambda conn: topics.keep(conn, FORUM, "client:acme", Known("55", "Acme"), at=at))
    await sends(desk, "", "The contract", address=ACME)
    await desk.fast_forward(minutes=1)
    assert await notes(desk) == ["\N{PAPERCLIP} photo-1.jpg", "The contract\n\N{PAPERCLIP} photo-2.jpg"]
    assert await said(desk) == []
