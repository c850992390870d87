"""A call is booked in the widget, with the keyboard alone and in words that a screen reader has."""

import pytest
from playwright.async_api import expect

from adapters.message import Button
from tests.contract.inapp.desk import conversation
from tests.integration.widget.conftest import Host, NewWindow

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOOK = (Button("call.book", "Book a call", ""),)
FORM = """
- region "Book a call":
  - heading "Book a call" [level=3]
  - alert
  - paragraph: All times are in your own time.
  - text: Kind of call
  - combobox "Kind of call":
    - option "Troubleshooting, 30 min" [selected]
    - option "Training, 1 h"
  - group "When":
    - text: When
    - group "Wednesday, March 4":
      - heading "Wednesday, March 4" [level=4]
      - radio "09:00 (12:00 for Vera)"
      - text: 09:00 (12:00 for Vera)
      - radio "09:30 (12:30 for Vera)"
      - text: 09:30 (12:30 for Vera)
    - group "Thursday, March 5":
      - heading "Thursday, March 5" [level=4]
      - radio "10:00"
      - text: 10:00
  - button "Book this time"
  - button "Back"
"""


async def test_a_call_is_booked_with_the_keyboard_alone_and_once_although_the_desk_was_killed(
    new_window: NewWindow, host: Host
) -> None:
    host.desk.buttons = BOOK
    window = await (await (await new_window()).go()).open()
    page, keys = window.page, window.page.keyboard
    book = window.panel.get_by_role("button", name="Book a call")
    await expect(window.box).to_be_focused()

    await book.focus()
    await keys.press("Enter")
    form = window.panel.get_by_role("region", name="Book a call")
    await expect(form.get_by_role("heading", name="Book a call")).to_be_focused()
    await expect(form).to_match_aria_snapshot(FORM)
    await expect(window.log).to_be_hidden()
    await keys.press("Escape")
    await expect(form).to_be_hidden()
    await expect(book).to_be_focused()

    await keys.press("Enter")
    await expect(form.get_by_role("heading", name="Book a call")).to_be_focused()
    await keys.press("Tab")
    await keys.press("T")  # the next choice that begins so
    await keys.press("ArrowDown")
    last = form.get_by_role("group", name="Thursday, March 5").get_by_role("radio")
    await expect(last).to_have_accessible_name("14:00 (17:00 for Vera)")
    await expect(form.get_by_role("combobox", name="Kind of call")).to_be_focused()
    await keys.press("ArrowUp")
    await expect(last).to_have_accessible_name("10:00")

    await keys.press("Tab")
    await keys.press("ArrowUp")  # from the first to the last
    await expect(last).to_be_checked()
    await keys.press("Enter")
    await expect(form.get_by_role("alert")).to_have_text("That time has just been taken.")

    host.desk.is_killed_by_a_press = True
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.press("Space")
    await expect(form.get_by_role("radio", name="09:00 (12:00 for Vera)")).to_be_checked()
    await keys.press("Enter")
    await host.desk.pressed.until(7)
    host.desk.is_killed_by_a_press = False
    await expect(window.panel.locator("[aria-live=polite].said")).to_have_text("Booked: Wed 09:00.")
    await expect(form).to_be_hidden()
    await expect(window.box).to_be_focused()
    await expect(window.panel.get_by_text("Your call: Wed 09:00")).to_be_visible()
    await expect(window.panel.get_by_role("button", name="Move the call")).to_be_visible()
    await expect(window.messages).to_have_text(["Booked: Wed 09:00."])
    assert host.desk.texts(conversation()) == ["Booked: Wed 09:00."]
    assert await page.evaluate("document.activeElement.tagName") == "MAITRED-CHAT"


async def test_a_form_fits_a_small_screen_from_right_to_left_in_the_dark(new_window: NewWindow, host: Host) -> None:
    host.desk.buttons, host.language = BOOK, "he"
    window = await new_window(viewport={"width": 320, "height": 300}, color_scheme="dark")
    await (await window.go()).open()
    await window.panel.get_by_role("button", name="Book a call").click()
    form = window.panel.get_by_role("region", name="Book a call")
    await expect(form.get_by_role("button", name="Book this time")).to_be_in_viewport(ratio=1)
    assert await form.evaluate("node => node.scrollWidth <= node.clientWidth")
    await form.get_by_role("radio", name="10:00").check()
    await expect(form.get_by_role("radio", name="10:00")).to_be_in_viewport(ratio=1)
    await form.get_by_role("button", name="Back").click()
    await expect(window.panel.get_by_role("button", name="Book a call")).to_be_focused()


async def test_a_code_in_a_link_is_shown_in_its_form_and_confirmed_by_its_person_alone(
    new_window: NewWindow, host: Host
) -> None:
    window = await (await new_window()).go(None, "&maitred_link=AbC-123&tab=2")
    form = window.panel.get_by_role("region", name="I have a code")
    await expect(form.get_by_role("textbox", name="Your code")).to_have_value("AbC-123")
    assert window.page.url.endswith("/page?tab=2")
    assert [(one.value, one.fields) for one in host.desk.asked] == [("AbC-123", {})]
    await form.get_by_role("button", name="Confirm").press("Enter")
    await expect(window.panel.locator("[aria-live=polite].said")).to_have_text("You are known here now.")
    assert host.desk.asked[-1].fields == {"code": "AbC-123"}
    await expect(form).to_be_hidden()
    await expect(window.messages).to_have_count(0)
