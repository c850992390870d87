"""Texts as Telegram takes them: HTML into entities and back, lengths in UTF-16 units, keyboards and their limits.

The words of every refusal are those of the real server, so that what recognises them there recognises them here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from telegram.constants import ReactionEmoji

Payload = dict[str, Any]

LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
MOST_BUTTONS, MOST_IN_A_ROW, LONGEST_PRESS = 100, 8, 64
#: What a bot may react with: the list of the Bot API's documentation, as another library keeps it.
FREE_REACTIONS = frozenset(str(emoji.value) for emoji in ReactionEmoji)

_TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "span": "spoiler",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_SHOWN_TAGS = {
    "bold": "b",
    "italic": "i",
    "strikethrough": "s",
    "underline": "u",
    "spoiler": "tg-spoiler",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
    "text_link": "a",
}
_FOUND_IN_TEXT = {
    "bot_command": re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@\w{4,32})?(?!\w)"),
    "url": re.compile(r"https?://[^\s<>\"]+"),
    "mention": re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}"),
    "email": re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+\.[a-z]{2,}"),
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));")
_ATTRIBUTE = re.compile(r"\s+([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")


class RefusalError(Exception):
    """What the server says no with."""

    def __init__(self, description: str, *, code: int = 400, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        beginning = {400: "Bad Request: ", 403: "Forbidden: ", 409: "Conflict: "}.get(code, "")
        self.code, self.description, self.parameters = code, f"{beginning}{description}", parameters


def units(text: str) -> int:
    """How long Telegram finds a text. Half an emoji is one unit: clients send such, and the server counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class _Open:
    tag: str
    at: int
    attributes: dict[str, str] = field(default_factory=dict)


def from_html(source: str) -> tuple[str, list[Payload]]:
    """The plain text of an HTML message and its entities, or the server's complaint."""
    text, at = "", 0
    opened: list[_Open] = []
    entities: list[Payload] = []
    while at < len(source):
        if source[at] == "&" and (found := _REFERENCE.match(source, at)):
            text += _meant(found)
            at = found.end()
        elif source[at] != "<":
            text += source[at]
            at += 1
        elif source.startswith("</", at):
            at = _close(source, at, units(text), opened, entities)
        else:
            at = _open(source, at, units(text), opened)
    if opened:
        raise RefusalError(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1].tag}\"")
    entities.sort(key=lambda one: (one["offset"], -one["length"]))
    return _trimmed(text, entities)


def _meant(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NAMED[name]
    return chr(int(decimal) if decimal else int(hexadecimal, 16))


def _offset(source: str, at: int) -> int:
    return len(source[:at].encode())


def _open(source: str, at: int, length: int, opened: list[_Open]) -> int:
    found = re.compile(r"<([^\s<>/]*)").match(source, at)
    assert found is not None
    tag, end = found.group(1).lower(), source.find(">", at)
    if end < 0:
        raise RefusalError(f"can't parse entities: Unclosed start tag at byte offset {_offset(source, at)}")
    if tag not in _TAGS:
        where = _offset(source, at)
        raise RefusalError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {where}')
    place, attributes = found.end(), {}
    while attribute := _ATTRIBUTE.match(source, place):
        name, double, single, bare = attribute.groups()
        written = next((one for one in (double, single, bare) if one is not None), "")
        attributes[name.lower()] = _REFERENCE.sub(_meant, written)
        place = attribute.end()
    place = re.compile(r"\s*").match(source, place).end()  # type: ignore[union-attr] # an empty match is a match
    if not source.startswith(">", place):
        raise RefusalError(
            "can't parse entities: Unexpected end of name token at byte offset " + str(_offset(source, place))
        )
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        where = _offset(source, at)
        raise RefusalError(f'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset {where}')
    opened.append(_Open(tag, length, attributes))
    return place + 1


def _close(source: str, at: int, length: int, opened: list[_Open], entities: list[Payload]) -> int:
    end = source.find(">", at)
    where = _offset(source, at)
    if not opened:
        raise RefusalError(f"can't parse entities: Unexpected end tag at byte offset {where}")
    if end < 0:
        raise RefusalError(f"can't parse entities: Unclosed end tag at byte offset {where}")
    tag, innermost = source[at + 2 : end].strip().lower(), opened.pop()
    if tag and tag != innermost.tag:
        raise RefusalError(
            f"can't parse entities: Unmatched end tag at byte offset {where}, "
            f'expected "</{innermost.tag}>", found "</{tag}>"'
        )
    if length > innermost.at:
        entity: Payload = {"type": _TAGS[innermost.tag], "offset": innermost.at, "length": length - innermost.at}
        if innermost.tag == "a":
            if not (href := innermost.attributes.get("href")):
                return end + 1
            entity["url"] = href
        if innermost.tag == "blockquote" and "expandable" in innermost.attributes:
            entity["type"] = "expandable_blockquote"
        entities.append(entity)
    return end + 1


def _trimmed(text: str, entities: Sequence[Payload]) -> tuple[str, list[Payload]]:
    """Without the blank space around it, which the server takes away."""
    ended = text.rstrip()
    lead = units(ended) - units(ended.lstrip())
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, units(ended.lstrip()))
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return ended.lstrip(), kept


def with_found(text: str, entities: Sequence[Payload]) -> list[Payload]:
    """The entities given and those that Telegram finds itself: commands, addresses, names."""
    found = [dict(one) for one in entities]
    for kind, pattern in _FOUND_IN_TEXT.items():
        for match in pattern.finditer(text):
            start, length = units(text[: match.start()]), units(match.group())
            if not any(one["offset"] < start + length and start < one["offset"] + one["length"] for one in found):
                found.append({"type": kind, "offset": start, "length": length})
    return sorted(found, key=lambda one: (one["offset"], -one["length"]))


def to_html(text: str, entities: Sequence[Payload]) -> str:
    """A text as it reads, formatting in the fewest tags; what Telegram found itself is left plain."""
    starts: dict[int, list[str]] = {}
    ends: dict[int, list[str]] = {}
    for entity in entities:
        if tag := _SHOWN_TAGS.get(entity["type"].removeprefix("expandable_")):
            address = f' href="{escape(entity["url"])}"' if tag == "a" else ""
            starts.setdefault(entity["offset"], []).append(f"<{tag}{address}>")
            ends.setdefault(entity["offset"] + entity["length"], []).insert(0, f"</{tag}>")
    shown, at = "", 0
    for letter in text:
        shown += "".join(ends.get(at, [])) + "".join(starts.get(at, [])) + escape(letter, quote=False)
        at += units(letter)
    return shown + "".join(ends.get(at, []))


def formatted(arguments: Mapping[str, Any], name: str, *, longest: int) -> tuple[str, list[Payload]]:
    """The text of a call, its entities beside it, checked as the server checks them."""
    source = str(arguments.get(name) or "")
    mode = str(arguments.get("parse_mode") or "").lower()
    if mode == "html":
        text, entities = from_html(source)
    elif mode:
        raise RefusalError("unsupported parse_mode" if mode not in {"markdown", "markdownv2"} else "not emulated")
    else:
        given = arguments.get("entities" if name == "text" else "caption_entities") or []
        text, entities = _trimmed(source, given)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise RefusalError("strings must be encoded in UTF-8")
    if units(text) > longest:
        raise RefusalError("message is too long" if name == "text" else "message caption is too long")
    return text, with_found(text, entities)


def keyboard_of(arguments: Mapping[str, Any]) -> Payload | None:
    """The markup of a call, checked; an empty keyboard takes away what was there."""
    markup = arguments.get("reply_markup")
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise RefusalError("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return dict(markup)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise RefusalError('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    for row in rows:
        if len(row) > MOST_IN_A_ROW:
            raise RefusalError("reply markup is too long")
        for button in row:
            _check_button(button)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise RefusalError("reply markup is too long")
    return {"inline_keyboard": rows}


def _check_button(button: Mapping[str, Any]) -> None:
    if not str(button.get("text") or "").strip():
        raise RefusalError("can't parse inline keyboard button: Text must be non-empty")
    kinds = button.keys() - {"text", "style", "icon_custom_emoji_id"}
    if not kinds:
        raise RefusalError("text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= LONGEST_PRESS:
        raise RefusalError("BUTTON_DATA_INVALID")
    if "url" in button and not re.match(r"(https?|tg)://[^\s/]+", str(button["url"])):
        raise RefusalError(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
