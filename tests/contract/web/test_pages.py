"""What the pages say: the queue by time left, a ticket with its reasons, the alerts."""

import re
from datetime import timedelta

from adapters.errors import PermanentError
from adapters.message import Channel
from bot.tickets import command as c
from sla.duration import later
from tests.contract.web.served import ServedBoard, Visit
from tests.harness import Story


def rows(text: str) -> list[str]:
    return re.findall(r'<tr id="row-([^"]+)"', text)


async def test_the_queue_is_ordered_by_time_left(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Late one")
    await story.fast_forward(minutes=50)
    await story.receives(Channel.EMAIL, sender="bill", text="[critical] Everything stands still")
    await story.receives(Channel.SLACK, sender="taras", text="Питання про звіт")
    await story.does("oleg", c.AskDetails("Which report?"), ticket=3)
    await story.receives(Channel.INAPP, sender="bill", text="One more thing")
    await story.fast_forward(minutes=11)
    page = await vera.see("/board")
    assert rows(page.text) == ["T-1", "T-2", "T-4", "T-3"]
    assert re.search(r"T.*1 min \d\d s late first response · was due 13:00", page.says)
    assert re.search(r" [34] min \d\d s first response · 13:05", page.says)
    assert re.search(r"paused waiting for the client · (1 h|59 min) left", page.says)
    assert re.search(r"Broken promise 1 min \d\d s late Acme · first response", page.says)


async def test_the_lists_hold_what_their_names_say(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Mine")
    await story.receives(sender="taras", text="Чуже")
    await story.does("oleg", c.AskDetails("Which?"), ticket=2)
    await story.receives(Channel.EMAIL, sender="bill", text="Done soon")
    await story.does("mira", c.Resolve("It works again."), ticket=3)
    assert rows((await vera.see("/board")).text) == ["T-1", "T-2"]
    assert rows((await vera.see("/board?list=mine")).text) == ["T-1"]
    assert rows((await vera.see("/board?list=waiting")).text) == ["T-2"]
    assert rows((await vera.see("/board?list=resolved")).text) == ["T-3"]


async def test_what_is_done_is_not_called_ordered_by_time_left(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Done soon")
    await story.does("vera", c.Resolve("It works again."))
    assert "the newest tickets first" in (await vera.see("/board?list=resolved")).says
    assert "ordered by time left" in (await vera.see("/board")).says


async def test_a_row_says_nothing_twice(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    assert re.search(r"Payroll failed T-1 Lena Acme", (await vera.see("/board")).says)
    await story.receives(sender="lena", text="Nobody is paid")
    assert re.search(r"Payroll failed T-1 Nobody is paid Acme", (await vera.see("/board")).says)


async def test_a_quiet_desk_says_so(vera: Visit) -> None:
    assert "Nobody is waiting" in (await vera.see("/board")).says


async def test_what_is_kept_and_broken_is_counted(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="First")
    await story.does("vera", c.Reply("Here you are"))
    await story.receives(Channel.EMAIL, sender="bill", text="Second")
    await story.fast_forward(minutes=61)
    says = (await vera.see("/board")).says
    assert "Kept this month 50.0 % 1 of 2" in says


async def test_a_ticket_tells_where_a_reply_goes_before_anyone_writes(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    says = (await vera.see("/board/T-1")).says
    assert "Your reply goes to Lena, Acme on Telegram" in says


async def test_a_ticket_explains_its_moment_and_its_person(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    says = (await vera.see("/board/T-1")).says
    assert "Why 13:00? Medium, plan Premium, revision 1: 1h in calendar office, from 12:00. within 1 hour" in says
    assert "counted Tue 2026-03-03 12:00 to Tue 2026-03-03 13:00: 1h, together 1h" in says
    assert "Why Vera? Acme's own manager, on shift until 19:00. Backup: Oleg Hnatiuk." in says
    assert "Dana Orlyk hears of it at the last call" in says
    assert "09:00, Europe/Lisbon" in says


async def test_a_promised_moment_is_explained_by_who_promised_it(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.does("vera", c.GiveEta(later(story.time.at, timedelta(hours=3)), "On it."))
    says = (await vera.see("/board/T-1")).says
    assert "ETA 15:00" in says
    assert "Why 15:00? Vera Kova promised it 12:00." in says
    assert "counted Tue 2026-03-03 12:00 to Tue 2026-03-03 15:00: 3h, together 3h" in says


async def test_a_named_moment_stays_in_sight_whatever_became_of_it(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.does("vera", c.GiveEta(later(story.time.at, timedelta(hours=3)), "On it."))
    await story.fast_forward(hours=3, minutes=5)
    assert "late ETA 15:00" in (await vera.see("/board/T-1")).says
    await story.does("vera", c.Resolve("It runs again."))
    assert "answered late ETA 15:00" in (await vera.see("/board/T-1")).says


async def test_a_reply_that_named_a_moment_gets_a_clock_for_it(story: Story, board: ServedBoard) -> None:
    oleg = await board.signed_in("oleg")
    await story.receives(sender="taras", text="Зарплата не пройшла")
    await oleg.press("T-1", "reply", text="Friday at three")
    refused = await oleg.press("T-1", "kind", kind="eta", due="")
    assert refused.status == 422
    assert "Choose the moment that your reply named" in refused.says
    past = await oleg.press("T-1", "kind", kind="eta", due="2026-03-03T11:00")
    assert past.status == 422
    assert "This moment has passed" in past.says
    assert (await oleg.press("T-1", "kind", kind="eta", due="2026-03-06T15:00")).status == 303
    says = (await oleg.see("/board/T-1")).says
    assert "ETA Friday 15:00" in says
    assert "Oleg Hnatiuk promised it 12:00." in says


async def test_a_paused_ticket_can_be_resumed(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    assert ">Resume<" not in (await vera.see("/board/T-1")).text
    for pause in ({"action": "ask", "text": "Which month?"}, {"action": "wait", "reference": "the bank, BN-77"}):
        assert (await vera.press("T-1", **pause)).status == 303
        assert ">Resume<" in (await vera.see("/board/T-1")).text
        assert (await vera.press("T-1", "resume")).status == 303
        assert (await story.ticket()).status == "open"
    assert ">Resume<" not in (await vera.see("/board/T-1")).text
    assert (await story.events()).count("resumed") == 2


async def test_the_transcript_shows_notes_apart_and_how_each_reply_fares(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.does("oleg", c.AddNote("Seen this on Friday"))
    await story.does("vera", c.Reply("We look into it"))
    page = await vera.see("/board/T-1")
    assert "Oleg Hnatiuk · note, staff only · 12:00 Seen this on Friday" in page.says
    assert 'class="msg note"' in page.text
    assert re.search(r"Vera Kova · answer · 12:00 · sent ✓ We look into it", page.says)


async def test_a_reply_that_did_not_arrive_says_why(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    story.channels[Channel.TELEGRAM].fail_next(PermanentError("the contact has blocked us"))
    await story.does("vera", c.Reply("We look into it"))
    await story.fast_forward(seconds=5)
    assert "not delivered: the contact has blocked us" in (await vera.see("/board/T-1")).says


async def test_an_edited_message_keeps_what_it_said(story: Story, vera: Visit) -> None:
    message = await story.receives(sender="lena", text="Payroll faild")
    await story.channels[Channel.TELEGRAM].edits("1001", message, "Payroll failed")
    await story.settle()
    says = (await vera.see("/board/T-1")).says
    assert "Payroll failed Edited, see what it said before Payroll faild" in says


async def test_a_reply_of_no_kind_is_asked_about(story: Story, board: ServedBoard) -> None:
    await story.receives(sender="taras", text="Звіт не сходиться")
    oleg = await board.signed_in("oleg")
    assert "What was it?" not in (await oleg.see("/board/T-1")).says
    await oleg.press("T-1", "reply", text="Which week is it?")
    assert "What was it?" in (await oleg.see("/board/T-1")).says
    await oleg.press("T-1", "kind", kind="clarify")
    assert "What was it?" not in (await oleg.see("/board/T-1")).says
    assert (await story.ticket()).status == "waiting_client"


async def test_a_lead_sees_alerts_and_acknowledges_them(story: Story, board: ServedBoard, dana: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.fast_forward(minutes=61)
    page = await dana.see("/board/alerts")
    assert "<title>(1) Alerts" in page.text
    assert "first response is overdue since 13:00" in page.says
    assert page.says.count("Acknowledge") == 1, "the breach stands for the last call before it"
    answer = await dana.press("T-1", "ack", back="alerts")
    assert answer.headers["Location"] == "/board/alerts"
    page = await dana.see("/board/alerts")
    assert "looked after" in page.says
    assert "<title>Alerts" in page.text
    assert "acknowledged" in await story.events()


async def test_an_alert_is_over_when_the_promise_is_kept_after_all(story: Story, dana: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.fast_forward(minutes=58)
    assert "<title>(1)" in (await dana.see("/board")).text
    await story.does("vera", c.Reply("Paid again"))
    assert "<title>Queue" in (await dana.see("/board")).text


async def test_only_an_admin_sees_how_the_desk_itself_is(vera: Visit, dana: Visit) -> None:
    assert (await vera.see("/board/health")).status == 404
    says = (await dana.see("/board/health")).says
    assert "database up revision 1" in says
    assert "channel telegram up" in says
