"""Cards, forms and homes as Slack draws them: Block Kit, pure, within the limits Slack sets.

Everything stands in plain text or rich text, where no character means anything: a client's words cannot become a
mention, a link or bold type. The one mention there is names a person of ours by their id. Beside the blocks goes a text
for notifications and screen readers, escaped, because there Slack does read markup.

Limits: https://docs.slack.dev/reference/block-kit/blocks and /reference/views
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from adapters.card import Card, Form, Home, Input, Promise, Tone
from adapters.message import Button
from adapters.slack.markup import escape, escaped_size, pieces
from adapters.slack.presses import Asked
from adapters.text import split, truncate

Block = dict[str, Any]

LONGEST_TEXT: Final = 4_000
LONGEST_SECTION: Final = 3_000
LONGEST_HEADER: Final = 150
LONGEST_BUTTON: Final = 75
LONGEST_CHOICE: Final = 75
LONGEST_FORM_TITLE: Final = 24
LONGEST_LABEL: Final = 2_000
LONGEST_INPUT: Final = 3_000
MOST_BLOCKS: Final = 50
MOST_VIEW_BLOCKS: Final = 100
MOST_CHOICES: Final = 100
#: Slack bears 25 in a row and wraps them where it likes; five fit on a screen side by side.
BUTTONS_A_ROW: Final = 5
MOST_BUTTONS: Final = 25
LONGEST_VALUE: Final = 150
#: All words of a message; Slack refuses one whose blocks hold more than about 13,000 characters.
LONGEST_WORDS: Final = 9_000
#: The words of a card by their place on it; with all its promises and buttons it stays below that.
LONGEST_TITLE: Final = 1_000
LONGEST_LINES: Final = 4_000
LONGEST_QUOTE: Final = 3_000
LONGEST_PROMISE: Final = 75
MOST_PROMISES: Final = 20

_SIGNS: Final[dict[Tone, str]] = {"ok": "🟢", "soon": "🟡", "late": "🔴", "paused": "⏸️", "plain": ""}
_STYLES: Final = {"primary", "danger"}
_NOTHING: Final = "—"


def said(text: str, buttons: Sequence[Button] = ()) -> tuple[Block, ...]:
    """Our own words, or a person's, as they were written; addresses of the web in them can be followed."""
    return (_rich(_section(_spoken(text))), *_rows(buttons))


def told(text: str) -> dict[str, Any]:
    """One message that says this, cut where Slack would refuse it: a whisper, or the answer to a command."""
    words = truncate(text, LONGEST_WORDS)
    blocks = [block for piece in split(words, LONGEST_TEXT, spoken_size) for block in said(piece)]
    return {"text": text_from_words(words), "blocks": blocks}


def blocks_from_card(card: Card, mentions: Sequence[str] = ()) -> tuple[Block, ...]:
    """A card as a message. `mentions` are ids of people of ours who are called by name."""
    return (*_shown(card, mentions), *_rows(card.buttons))


def text_from_card(card: Card, mentions: Sequence[str] = ()) -> str:
    """The card in words, for where blocks are not shown."""
    promises = (f"{promise.label}: {promise.words}" for promise in card.promises[:MOST_PROMISES])
    quote = (f"> {card.quote}",) if card.quote else ()
    words = "\n".join((f"{_signed(card.tone)}{card.title}", *card.lines, *promises, *quote))
    called = "".join(f"<@{user}> " for user in mentions)
    return called + escape(truncate(words, LONGEST_TEXT - len(called), escaped_size) or _NOTHING)


def text_from_words(text: str) -> str:
    """Our own words as the text of a message: escaped, with addresses as links that show where they lead."""
    return "".join(f"<{escape(piece)}>" if is_address else escape(piece) for piece, is_address in pieces(text))


def spoken_size(text: str) -> int:
    """How long a text is once `text_from_words` has had it."""
    lowered = text.casefold()
    return escaped_size(text) + 2 * (lowered.count("http://") + lowered.count("https://"))


def view_from_home(home: Home) -> dict[str, Any]:
    """A person's own page; cards that find no room are counted."""
    blocks: list[Block] = [*_title(home.title, "plain")]
    for place, card in enumerate(home.cards):
        drawn = [{"type": "divider"}, *_condensed(card)]
        if len(blocks) + len(drawn) > MOST_VIEW_BLOCKS - 1:
            blocks.append(_plain_section(f"+ {len(home.cards) - place}"))
            break
        blocks += drawn
    return {"type": "home", "blocks": blocks}


def view_from_form(form: Form, address: str = "", thread: str = "") -> dict[str, Any]:
    """A form as a modal; what is written in it comes back with the address and the thread where it was opened."""
    is_short = len(form.title) <= LONGEST_FORM_TITLE
    whole_title = () if is_short else (_plain_section(form.title),)
    return {
        "type": "modal",
        "callback_id": f"{form.action.removeprefix('ticket.')}.submit"[:255],
        "private_metadata": Asked(form.action, form.value, address, thread).to_text(),
        "title": _plain(form.title, LONGEST_FORM_TITLE),
        "submit": _plain(form.submit, LONGEST_FORM_TITLE),
        "blocks": [*whole_title, *_noted(form.note), *map(_input, form.inputs)],
    }


def _noted(note: str) -> list[Block]:
    """What there is to know before answering."""
    return [_plain_section(note)] if note.strip() else []


def view_from_notice(title: str, text: str) -> dict[str, Any]:
    """A sentence in a window of its own, for where nothing can be whispered."""
    sections = [_plain_section(piece) for piece in split(text or _NOTHING, LONGEST_SECTION)]
    return {"type": "modal", "title": _plain(title, LONGEST_FORM_TITLE), "blocks": sections[:MOST_VIEW_BLOCKS]}


def _shown(card: Card, mentions: Sequence[str]) -> Iterator[Block]:
    if mentions:
        yield _rich(_section([{"type": "user", "user_id": user} for user in mentions]))
    yield from _title(card.title, card.tone)
    yield from _lines(card.lines)
    if card.quote:
        yield _rich({"type": "rich_text_quote", "elements": [_words(truncate(card.quote, LONGEST_QUOTE))]})
    if card.promises:
        yield _rich(*(_section(_promised(promise)) for promise in card.promises[:MOST_PROMISES]))


def _condensed(card: Card) -> Iterator[Block]:
    """A card of a home: the same in three blocks at most, and its buttons."""
    parts = [_words(f"{_signed(card.tone)}{truncate(card.title, LONGEST_SECTION)}", is_bold=True)]
    if card.lines:
        parts.append(_words("\n" + truncate("\n".join(card.lines), LONGEST_SECTION)))
    sections = [_section(parts), *(_section(_promised(promise)) for promise in card.promises[:MOST_PROMISES])]
    yield _rich(*sections)
    yield from _rows(card.buttons)


def _title(title: str, tone: Tone) -> Iterator[Block]:
    whole = f"{_signed(tone)}{title.strip() or _NOTHING}"
    if len(whole) <= LONGEST_HEADER:
        yield {"type": "header", "text": _plain(whole, LONGEST_HEADER)}
    else:
        yield from (_plain_section(piece) for piece in split(truncate(whole, LONGEST_TITLE), LONGEST_SECTION))


def _lines(lines: Sequence[str]) -> Iterator[Block]:
    words = truncate("\n".join(lines), LONGEST_LINES)
    if words.strip():
        yield from (_plain_section(piece) for piece in split(words, LONGEST_SECTION))


def _promised(promise: Promise) -> list[Block]:
    label = _words(f"{_signed(promise.tone)}{_begun(truncate(promise.label, LONGEST_PROMISE))}", is_bold=True)
    return [label, _words(f"  {truncate(promise.words, LONGEST_PROMISE)}")]


def _rows(buttons: Sequence[Button]) -> Iterator[Block]:
    shown = buttons[:MOST_BUTTONS]
    for start in range(0, len(shown), BUTTONS_A_ROW):
        row = shown[start : start + BUTTONS_A_ROW]
        yield {"type": "actions", "elements": list(_named_apart(row))}


def _named_apart(row: Sequence[Button]) -> Iterator[Block]:
    """Slack wants every name in a row to be another; what tells two alike apart is taken off again by `presses`."""
    seen: set[str] = set()
    for place, button in enumerate(row):
        name = button.action if button.action not in seen else f"{button.action}#{place}"
        seen.add(name)
        element: Block = {
            "type": "button",
            "action_id": name,
            "text": _plain(button.label, LONGEST_BUTTON),
            "value": button.value,
        }
        yield element | ({"style": button.style} if button.style in _STYLES else {})


def _input(one: Input) -> Block:
    return {
        "type": "input",
        "block_id": one.name,
        "label": _plain(_begun(one.label), LONGEST_LABEL),
        "optional": not one.required,
        "element": {"action_id": one.name, **_element(one)},
    }


def _element(one: Input) -> Block:
    match one.kind:
        case "choice":
            return _choice(one)
        case "moment":
            moment = _moment(one.initial)
            return {"type": "datetimepicker"} | ({"initial_date_time": int(moment.timestamp())} if moment else {})
    element: Block = {
        "type": "plain_text_input",
        "multiline": one.kind == "long_text",
        "max_length": LONGEST_INPUT,
    }
    return element | ({"initial_value": one.initial[:LONGEST_INPUT]} if one.initial else {})


def _choice(one: Input) -> Block:
    # What Slack would refuse the whole form for is left out; a list of nothing says so.
    headings = one.headings or [""] * len(one.choices)
    choices = [
        (heading, value, label)
        for heading, (value, label) in zip(headings, one.choices, strict=True)
        if 0 < len(value) <= LONGEST_VALUE
    ]
    choices = choices or [("", _NOTHING, _NOTHING)]
    options: list[Block] = [{"text": _plain(label, LONGEST_CHOICE), "value": value} for _, value, label in choices]
    chosen = next((option for option in options if option["value"] == one.initial), None)
    shown: Block = {"options": options}
    if any(heading for heading, _, _ in choices):
        shown = {"option_groups": list(_headed([heading for heading, _, _ in choices], options))[:MOST_CHOICES]}
    elif len(options) > MOST_CHOICES:
        starts = range(0, len(options), MOST_CHOICES)
        groups = [options[start : start + MOST_CHOICES] for start in starts]
        shown = {
            "option_groups": [
                {"label": _plain(f"{group[0]['text']['text']} …", LONGEST_CHOICE), "options": group} for group in groups
            ]
        }
    return {"type": "static_select", **shown} | ({"initial_option": chosen} if chosen else {})


def _headed(headings: Sequence[str], options: Sequence[Block]) -> Iterator[Block]:
    """Choices below their headings, neighbours under the same one together, as many as Slack takes below one."""
    for heading, together in groupby(zip(headings, options, strict=True), key=lambda one: one[0]):
        below = [option for _, option in together][:MOST_CHOICES]
        yield {"label": _plain(heading or _NOTHING, LONGEST_CHOICE), "options": below}


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _spoken(text: str) -> list[Block]:
    return [{"type": "link", "url": piece} if is_address else _words(piece) for piece, is_address in pieces(text)]


def _plain_section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, LONGEST_SECTION)}


def _plain(text: str, limit: int) -> dict[str, Any]:
    """Slack refuses a text without anything to see in it."""
    return {"type": "plain_text", "text": truncate(text.strip(), limit) or _NOTHING, "emoji": False}


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(elements: Iterable[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _words(text: str, *, is_bold: bool = False) -> Block:
    element: Block = {"type": "text", "text": text or _NOTHING}
    return element | ({"style": {"bold": True}} if is_bold else {})


def _begun(label: str) -> str:
    """A name of the desk's, as it stands at the beginning of a line."""
    return label[:1].upper() + label[1:]


def _signed(tone: Tone) -> str:
    return f"{_SIGNS[tone]} " if _SIGNS[tone] else ""
