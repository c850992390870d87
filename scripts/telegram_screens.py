"""Pictures of what people see in Telegram: real messages of a real desk, drawn by the channel's own `cards.py`.

Telegram itself cannot run here. So the HTML and the keyboards that would be sent there are laid out by a page that
looks much like it, and photographed. `scripts/docs.py` takes the pictures.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from adapters.card import OutboundCard
from adapters.fake import FakeChannel
from adapters.fake_screen import Shown
from adapters.message import Button, Channel, OutboundMessage
from adapters.telegram.cards import keyboard
from adapters.telegram.drawing import card_of
from adapters.telegram.markup import as_written
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
LENA, VERA, DANA = "1001", "42", "46"
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
        # A desk that has nothing but Telegram, so that is where everybody is told.
        channels = {one: FakeChannel(one, now=time.moment) for one in (Channel.TELEGRAM, Channel.BOARD)}
        desk = Desk(database, channels, Timekeeper(wall=time.now))
        for fake in channels.values():
            fake.connect(desk.journal, desk.press)
        await desk.prepare(is_alone=True)
        stack.push_async_callback(desk.drain)

        telegram, stepping = channels[Channel.TELEGRAM], Stepping(desk, time)
        words = "Our conversions have been at zero since midnight, in all three campaigns. See t.me/acme_reports"
        await telegram.says(LENA, words, sender=LENA, name="Lena")
        await stepping.settle()
        found = {"telegram-client": _page("Maitred", [_said(words), *map(_bubble, telegram.shown(LENA))])}
        await stepping.pass_until(later(time.at, timedelta(minutes=12)))
        found["telegram-card"] = _page("Maitred", map(_bubble, telegram.shown(VERA)))
        await stepping.pass_until(later(time.at, timedelta(minutes=60)))
        found["telegram-alert"] = _page("Maitred", map(_bubble, telegram.shown(DANA)))
        return found


def _said(words: str) -> str:
    return f'<div class="theirs">{_coloured(escape(words))}</div>'


def _bubble(shown: Shown) -> str:
    match shown.message:
        case OutboundCard() as card:
            # A line that follows a quote begins below it; Telegram leaves nothing empty there.
            drawn = _coloured(card_of(card).html.replace("</blockquote>\n", "</blockquote>"))
            return f'<div class="ours">{drawn}</div>{_keys(card.card.buttons)}'
        case OutboundMessage() as message:
            return f'<div class="ours">{_coloured(as_written(message.text).html)}</div>{_keys(message.buttons)}'
    return ""


def _keys(buttons: Sequence[Button]) -> str:
    drawn = keyboard(buttons, [button.action for button in buttons])
    rows = drawn["inline_keyboard"] if drawn is not None else ()
    keys = ("".join(f"<button>{escape(key['text'])}</button>" for key in row) for row in rows)
    return "".join(f'<div class="row">{row}</div>' for row in keys)


def _page(title: str, bubbles: "Sequence[str] | map[str]") -> str:
    head = f'<header><div class="face">M</div><div><b>{title}</b><br><small>bot</small></div></header>'
    return f'<!doctype html><meta charset="utf-8"><title>Telegram</title><style>{STYLE}</style>{head}{"".join(bubbles)}'


def _coloured(words: str) -> str:
    """Few machines have a font for these signs; Telegram brings its own."""
    for sign, colour in (("🟢", "#2bac76"), ("🟡", "#ecb22e"), ("🔴", "#e01e5a")):
        words = words.replace(sign, f'<i style="background: {colour}"></i>')
    return words
