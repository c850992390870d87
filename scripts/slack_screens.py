"""Pictures of what people see in Slack: real cards of a real desk, drawn by the channel's own `cards.py`.

Slack itself cannot run here. So the Block Kit that would be sent there is laid out by a page that looks much like it,
and photographed. `scripts/docs.py` takes the pictures.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from adapters.card import Card, Form, OutboundHome
from adapters.fake import FakeChannel
from adapters.message import Channel
from adapters.port import Press
from adapters.slack import cards, ids
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.deskfile.load import load
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from sla.duration import instant, later

EXAMPLE = Path(__file__).parents[1] / "desk.example"
#: A Tuesday, a quarter past ten where the managers of the example work.
MORNING = datetime(2026, 3, 3, 7, 15, tzinfo=UTC)
LENA, ACME, VERA, DANA = "T2/U9", "T1/C123", "T1/U1", "T1/U5"
STYLE = Path(__file__).with_suffix(".css").read_text("utf-8")


async def pages() -> Mapping[str, str]:
    """The pages to be photographed, by the name of their picture."""
    async with AsyncExitStack() as stack:
        time = OwnedTime(instant(MORNING))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = await open_database(f"sqlite+aiosqlite:///{Path(folder) / 'screens.db'}")
        stack.push_async_callback(database.close)
        await upgrade(database)
        document = load(EXAMPLE, today=MORNING.date()).document
        if document is None:
            raise RuntimeError("the example desk has mistakes")
        await apply_document(database, document, at=time.at, by="pictures")
        channels = {one: FakeChannel(one, now=time.moment) for one in Channel}
        desk = Desk(database, channels, Timekeeper(wall=time.now))
        for fake in channels.values():
            fake.connect(desk.journal, desk.press)
        await desk.prepare(is_alone=True)
        stack.push_async_callback(desk.drain)

        slack, stepping = channels[Channel.SLACK], Stepping(desk, time)
        words = "Our conversions have been at zero since midnight, in all three campaigns."
        await slack.says(f"{ACME}#1772522100.000100", words, sender=LENA, name="Lena")
        await stepping.settle()
        found = {"slack-card": _page(_post(_newest(slack, VERA), VERA, "10:15"))}
        await stepping.pass_until(later(time.at, timedelta(minutes=12)))

        pressed = Press("picture", ids.person("T1", "U1"), "ticket.eta", "T-1", time.moment())
        answer = await desk.press(pressed)
        if answer.form is None:
            raise RuntimeError(f"the button opens no form: {answer.text}")
        found["slack-form"] = _page(_window(answer.form))

        # Whoever has it is at it, and is late all the same: what the lead is told then is the picture.
        await desk.press(Press("take", ids.person("T1", "U1"), "ticket.take", "T-1", time.moment()))
        await desk.press(Press("home", ids.person("T1", "U1"), "home.open", "", time.moment()))
        await stepping.settle()
        homes = [one.message for one in slack.sent if isinstance(one.message, OutboundHome)]
        if homes:
            found["slack-home"] = _page(_blocks(cards.view_from_home(homes[-1].home)["blocks"]))

        await stepping.pass_until(later(time.at, timedelta(minutes=60)))
        found["slack-alert"] = _page(_post(_newest(slack, DANA), DANA, "11:15"))
        return found


def _newest(slack: FakeChannel, address: str) -> Card:
    shown = [one.card for one in slack.cards(address) if one.card is not None]
    if not shown:
        raise RuntimeError(f"{address} has seen no card")
    return shown[-1]


def _post(card: Card, address: str, when: str) -> str:
    user = address.partition("/")[2]
    blocks = cards.blocks_from_card(card, [user] if card.mention else [])
    head = f'<div><span class="who">Maitred</span><span class="app">APP</span><span class="when">{when}</span></div>'
    return f'<div class="post"><div class="face">M</div><div class="body">{head}{_blocks(blocks)}</div></div>'


def _window(form: Form) -> str:
    view = cards.view_from_form(form, VERA)
    end = f'<div class="end"><button>Cancel</button><button class="primary">{_text(view["submit"])}</button></div>'
    return f'<div class="window"><h1>{_text(view["title"])}</h1>{_blocks(view["blocks"])}{end}</div>'


def _page(body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><title>Slack</title><style>{STYLE}</style>{body}'


def _blocks(blocks: Sequence[Mapping[str, Any]]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h1>{_text(block['text'])}</h1>"
        case "divider":
            return "<hr>"
        case "actions":
            buttons = (
                f'<button class="{one.get("style", "")}">{_text(one["text"])}</button>' for one in block["elements"]
            )
            return f'<div class="row">{"".join(buttons)}</div>'
        case "rich_text":
            return "".join(map(_rich, block["elements"]))
        case "input":
            optional = ' <span class="optional">(optional)</span>' if block["optional"] else ""
            return f"<label>{_text(block['label'])}{optional}</label>{_field(block['element'])}"
    return f"<section>{_text(block['text'])}</section>"


def _rich(section: Mapping[str, Any]) -> str:
    name = "blockquote" if section["type"] == "rich_text_quote" else "section"
    return f"<{name}>{''.join(map(_element, section['elements']))}</{name}>"


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "user":
        return '<span class="call">@you</span>'
    shown = _coloured(escape(str(element.get("text") or element.get("url"))))
    return f"<b>{shown}</b>" if element.get("style", {}).get("bold") else shown


def _field(element: Mapping[str, Any]) -> str:
    hints = {"datetimepicker": "Today&emsp;15:00", "static_select": "Choose …"}
    tall = " tall" if element.get("multiline") else ""
    return f'<div class="field{tall}">{hints.get(element["type"], "")}</div>'


def _text(text: Mapping[str, Any]) -> str:
    return _coloured(escape(text["text"]))


def _coloured(words: str) -> str:
    """Few machines have a font for these signs; Slack brings its own."""
    for sign, colour in (("🟢", "#2bac76"), ("🟡", "#ecb22e"), ("🔴", "#e01e5a")):
        words = words.replace(sign, f'<i style="background: {colour}"></i>')
    return words
