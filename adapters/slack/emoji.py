"""Emoji as a person sees them: Slack writes them out, and says beside the words which characters they are. Pure.

    :wave::skin-tone-2:      in the text; its blocks hold {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fb"}

Those that a workspace made itself are no characters, and stay written out.

https://docs.slack.dev/reference/block-kit/block-elements/emoji-element
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.shapes import Fields, text_or

_POINTS: Final = re.compile(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,15}", re.ASCII)
_WRITTEN: Final = re.compile(r":[^\s:<>&]{1,100}:(?::skin-tone-[2-6]:)?")
_LAST: Final = 0x10FFFF
#: More than anybody writes in one message.
_MOST: Final = 10_000


def shown(text: str, said: Fields) -> str:
    """A text of Slack with its emoji as characters, where the message it stands in says which they are."""
    known = dict(_emoji(said))
    return _WRITTEN.sub(lambda found: known.get(found[0], found[0]), text) if known else text


def _emoji(said: Fields) -> Iterator[tuple[str, str]]:
    """Each as it is written out, with its characters."""
    left: list[object] = [said.get("blocks")]
    for _ in range(_MOST):
        if not left:
            return
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, Mapping):
            left.append(one.get("elements"))
            if one.get("type") == "emoji" and (characters := _characters(text_or(one, "unicode"))):
                tone = f":skin-tone-{one['skin_tone']}:" if isinstance(one.get("skin_tone"), int) else ""
                yield f":{text_or(one, 'name')}:{tone}", characters


def _characters(points: str) -> str:
    if not _POINTS.fullmatch(points):
        return ""
    numbers = [int(point, 16) for point in points.split("-")]
    return "".join(map(chr, numbers)) if max(numbers) <= _LAST else ""
