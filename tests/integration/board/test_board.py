"""The board as people use it: it counts by itself, hears of everything, and every press is a button with a name."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from adapters.message import Channel
from bot.tickets import command as c
from sla.clock import State
from tests.contract.web.served import ServedBoard
from tests.harness import Story
from tests.integration.board.conftest import NewWindow

pytestmark = pytest.mark.asyncio(loop_scope="session")

CORPUS = tuple((Path(__file__).parents[2] / "fixtures/inapp/hostile.txt").read_text("utf-8").splitlines())


async def test_the_countdown_moves_by_itself(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="[critical] Payroll failed")
    await story.fast_forward(minutes=8)
    vera = await sign_in("vera")
    left = vera.page.locator("#rows .left")
    before = await left.inner_text()
    assert before.startswith(("6 min", "7 min"))
    await expect(left).not_to_have_text(before)
    await vera.page.wait_for_function(  # both in one look: a second later both say something else
        "document.querySelector('#stats .stat b').textContent === document.querySelector('#rows .left').textContent"
    )


async def test_a_new_ticket_appears_without_a_reload(story: Story, sign_in: NewWindow) -> None:
    vera = await sign_in("vera")
    await expect(vera.rows).to_have_count(1)
    await expect(vera.rows).to_contain_text("Nobody is waiting")
    await vera.page.evaluate("window.stayed = true")
    await story.receives(sender="lena", text="Payroll failed")
    await expect(vera.rows).to_contain_text("Payroll failed")
    await expect(vera.page.get_by_role("link", name="Queue 1")).to_be_visible()
    assert await vera.page.evaluate("window.stayed")


async def test_rows_move_as_their_promises_do(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Slow one")
    vera = await sign_in("vera")
    await vera.page.get_by_role("link", name="Slow one").focus()
    await story.receives(Channel.EMAIL, sender="bill", text="[critical] Quick one")
    await expect(vera.rows.first).to_contain_text("Quick one")
    await expect(vera.page.get_by_role("link", name="Slow one")).to_be_focused()
    await story.does("mira", c.Resolve(), ticket=2)
    await expect(vera.rows).to_have_count(1)


async def test_a_reply_is_sent_by_its_button_and_seen_to_arrive(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await expect(vera.page.get_by_text("Your reply goes to Lena, Acme on Telegram")).to_be_visible()
    await vera.reply.fill("We look into it")
    await vera.button("Send reply").click()
    await expect(vera.transcript).to_contain_text("We look into it")
    await expect(vera.transcript).to_contain_text("on its way")
    await expect(vera.reply).to_have_value("")
    await story.fast_forward(seconds=5)
    await expect(vera.transcript).to_contain_text("sent ✓")
    await expect(vera.page.get_by_role("region", name="Promises")).to_contain_text("kept")


async def test_a_draft_survives_what_happens_around_it(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.page.get_by_text("Why 13:00?").click()
    await vera.reply.fill("Half a sent")
    await story.fast_forward(minutes=3)
    await story.receives(sender="lena", text="Are you there?")
    await expect(vera.transcript).to_contain_text("Are you there?")
    await expect(vera.reply).to_have_value("Half a sent")
    await expect(vera.reply).to_be_focused()
    await expect(vera.page.get_by_text("counted Tue 2026-03-03")).to_be_visible()


async def test_a_note_is_no_reply(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.reply.fill("They pay late, too")
    await vera.button("Add note").click()
    await expect(vera.transcript.locator(".note")).to_contain_text("note, staff only")
    await story.settle()
    story.expect_quiet()


async def test_an_eta_is_given_in_its_dialog(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.reply.fill("Found it.")
    await vera.button("Give ETA").click()
    dialog = vera.page.get_by_role("dialog", name="Give ETA")
    await dialog.get_by_label("Done by").fill("2026-03-03T15:00")
    await expect(dialog.get_by_label("Words of your own")).to_have_value("Found it.")
    await dialog.get_by_role("button", name="Send ETA").click()
    await expect(dialog).to_be_hidden()
    await expect(vera.transcript).to_contain_text("Found it.")
    await expect(vera.reply).to_have_value("")
    await expect(vera.page.get_by_role("region", name="Promises")).to_contain_text("ETA 15:00")


async def test_a_refusal_is_said_in_place_and_nothing_is_lost(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.button("Give ETA").click()
    dialog = vera.page.get_by_role("dialog", name="Give ETA")
    due = dialog.get_by_label("Done by")
    await due.evaluate("input => { input.removeAttribute('min'); }")
    await due.fill("2026-03-03T11:00")
    await dialog.get_by_label("Words of your own").fill("Found it.")
    await dialog.get_by_role("button", name="Send ETA").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("This moment has passed")
    await expect(dialog.get_by_label("Words of your own")).to_have_value("Found it.")


async def test_handing_over_shows_on_both_boards(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    oleg = await (await sign_in("oleg")).go("/board?list=mine")
    await vera.button("Hand over").click()
    dialog = vera.page.get_by_role("dialog", name="Hand over T-1")
    await dialog.get_by_label("To").select_option("oleg")
    await dialog.get_by_label("Why").fill("I am off at two")
    await dialog.get_by_role("button", name="Hand it over").click()
    await expect(vera.page.get_by_role("heading", name="With Oleg Hnatiuk")).to_be_visible()
    await expect(oleg.rows).to_contain_text("Payroll failed")


async def test_resolving_closes_the_page_for_more(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.reply.fill("Paid again.")
    await vera.button("Resolve").click()
    await expect(vera.page.get_by_text("resolved 12:00").first).to_be_visible()
    await expect(vera.button("Resolve")).to_be_hidden()
    assert (await story.clock("first_response")).state is State.MET


async def test_the_kind_of_a_reply_is_asked_and_told(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="taras", text="Звіт не сходиться")
    oleg = await (await sign_in("oleg")).go("/board/T-1")
    await oleg.reply.fill("Add it under Domains.")
    await oleg.button("Send reply").click()
    await expect(oleg.page.get_by_text("What was it?")).to_be_visible()
    await oleg.button("Answer").click()
    await expect(oleg.page.get_by_text("What was it?")).to_be_hidden()
    assert (await story.clock("first_response")).state is State.MET


async def test_a_lead_is_alerted_on_an_open_page(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    dana = await sign_in("dana")
    await expect(dana.page.get_by_role("link", name="Alerts", exact=False)).to_be_visible()
    await expect(dana.page.locator("#announced")).to_be_empty()
    await story.fast_forward(minutes=61)
    await expect(dana.page.get_by_role("link", name="Alerts 1")).to_be_visible()
    await expect(dana.page.locator("#announced")).to_contain_text("first response is overdue")
    await expect(dana.page).to_have_title("(1) Queue · Story Desk")
    await dana.go("/board/alerts")
    await dana.button("Acknowledge").click()
    await expect(dana.button("Acknowledge")).to_be_hidden()
    await expect(dana.page).to_have_title("Alerts · Story Desk")


async def test_pressing_twice_quickly_sends_once(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.reply.fill("Once")
    await vera.button("Send reply").dblclick()
    await expect(vera.transcript).to_contain_text("Once")
    assert [line.text for line in await story.lines()].count("Once") == 1


async def test_everything_works_without_a_script(story: Story, sign_in: NewWindow, board: ServedBoard) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    signed = await sign_in("vera")
    cookies = await signed.page.context.cookies()
    plain = await signed.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    await plain.add_cookies([{"name": one["name"], "value": one["value"], "url": board.address} for one in cookies])
    page = await plain.new_page()
    await page.goto(board.address + "/board/T-1")
    await page.get_by_role("textbox", name="Reply").fill("Found it.")
    await page.get_by_role("button", name="Give ETA").click()
    await page.get_by_label("Done by").fill("2026-03-03T15:00")
    await page.get_by_role("button", name="Send ETA").click()
    await expect(page.get_by_role("log")).to_contain_text("Found it.")
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.get_by_text("resolved 12:00").first).to_be_visible()
    await plain.close()


async def test_hostile_words_run_nothing(story: Story, sign_in: NewWindow) -> None:
    telegram = story.channels[Channel.TELEGRAM]
    for at, words in enumerate(CORPUS):
        await telegram.says("-1001234", words, sender="666", name=words, external_id=f"x{at}")
    await story.settle()
    await story.does("oleg", c.AddNote("\n".join(CORPUS)))
    await story.does("oleg", c.Escalate(CORPUS[0]))
    dana = await sign_in("dana")
    for place in ("/board/T-1", "/board/alerts", "/board"):
        await dana.go(place)
        await dana.page.wait_for_load_state()
    await story.receives(sender="666", address="-1001234", text="<img src=x onerror=alert(1)>")
    await dana.go("/board/T-1")
    await expect(dana.transcript).to_contain_text("<img src=x onerror=alert(1)>")


async def test_a_page_says_when_it_has_lost_the_desk_and_comes_back(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    banner = vera.page.get_by_text("No connection to the desk.")
    await expect(banner).to_be_hidden()
    await vera.page.route("**/board/stream", lambda route: route.abort())
    await vera.page.reload()
    await expect(banner).to_be_visible()
    await vera.page.unroute("**/board/stream")
    await expect(banner).to_be_hidden()


async def test_a_phone_needs_no_sideways_scrolling(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed " + "verylongword" * 40)
    vera = await sign_in("vera", viewport={"width": 390, "height": 844})
    for place in ("/board", "/board/T-1", "/board/alerts"):
        await vera.go(place)
        assert await vera.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place


async def test_a_message_is_split_off_by_its_button(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.fast_forward(minutes=5)
    await story.receives(sender="lena", text="And the export is slow")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.button("Split").click()
    dialog = vera.page.get_by_role("dialog", name="Split T-1")
    await dialog.get_by_label("The other matter begins with").select_option(label="12:05: And the export is slow")
    await dialog.get_by_role("button", name="Make it a ticket").click()
    await expect(dialog).to_be_hidden()
    await expect(vera.transcript).not_to_contain_text("And the export is slow")
    await expect(vera.button("Split")).to_be_hidden()
    await vera.go("/board/T-2")
    await expect(vera.transcript).to_contain_text("And the export is slow")
    await expect(vera.page.get_by_role("region", name="History")).to_contain_text("a ticket of its own, out of T-1")


async def test_two_tickets_are_merged_by_a_button_and_the_page_leads_on(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.receives(Channel.EMAIL, sender="lena", text="Payroll, again")
    vera = await (await sign_in("vera")).go("/board/T-2")
    await vera.button("Merge").click()
    dialog = vera.page.get_by_role("dialog", name="Merge T-2")
    await dialog.get_by_label("Into").fill("T-9")
    await dialog.get_by_role("button", name="Merge them").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("There is no ticket T-9")
    await dialog.get_by_label("Into").fill("t-1")
    await dialog.get_by_role("button", name="Merge them").click()
    await expect(dialog).to_be_hidden()
    await expect(vera.button("Merge")).to_be_hidden()
    await vera.page.get_by_role("link", name="T-1", exact=True).first.click()
    await expect(vera.transcript).to_contain_text("Payroll, again")
    await expect(vera.page.get_by_role("region", name="History")).to_contain_text("Vera Kova merged T-2 into it")


async def test_what_is_not_covered_is_said_with_its_clause(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="A plugin of yours?")
    vera = await (await sign_in("vera")).go("/board/T-1")
    await vera.button("Not covered").click()
    dialog = vera.page.get_by_role("dialog", name="Not covered")
    await dialog.get_by_label("The clause").fill("6.2, software of others")
    await dialog.get_by_role("button", name="Tell the client").click()
    await expect(dialog).to_be_hidden()
    await expect(vera.page.get_by_role("region", name="Client")).to_contain_text("not covered 6.2, software of others")
    await expect(vera.transcript).to_contain_text("your support agreement does not cover it: 6.2, software of others.")
    await expect(vera.page.get_by_role("region", name="Promises")).to_contain_text("no longer owed")
    await vera.button("Covered after all").click()
    await expect(vera.transcript).to_contain_text("your support agreement covers it after all.")
    await expect(vera.page.get_by_role("region", name="Client")).not_to_contain_text("not covered")


async def test_what_was_agreed_with_the_client_is_counted_and_explained(story: Story, sign_in: NewWindow) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    vera = await (await sign_in("vera")).go("/board/T-1")
    more = vera.page.get_by_role("region", name="More")
    await more.get_by_label("Agreed promise").select_option("first_response")
    await more.get_by_label("Agreed time").fill("soon")
    await more.get_by_role("button", name="Agree").click()
    await expect(more.get_by_role("alert")).to_contain_text("Write how long it may take")
    await more.get_by_label("Agreed time").fill("3h")
    await more.get_by_role("button", name="Agree").click()
    await expect(more.get_by_label("Agreed time")).to_have_value("")
    await vera.page.get_by_text("Why 15:00?").click()
    promises = vera.page.get_by_role("region", name="Promises")
    await expect(promises).to_contain_text("agreed with the client on 2026-03-03 by Vera Kova")
