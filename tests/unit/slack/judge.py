"""Whether Slack would take what we draw: its own SDK's models are the judge, and the limits they do not know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack import cards

#: Where Slack reads no markup at all.
PLAIN = {"plain_text", "text"}


def judge_blocks(blocks: Sequence[dict[str, Any]], most: int = cards.MOST_BLOCKS) -> None:
    """Raises when Slack would refuse these blocks."""
    assert 0 < len(blocks) <= most
    parsed = Block.parse_all([*blocks])
    assert len(parsed) == len(blocks)
    for model in parsed:
        model.validate_json()
    for block in blocks:
        if block["type"] == "actions":
            names = [element["action_id"] for element in block["elements"]]
            assert len(names) == len(set(names)) <= 25
            assert all(len(element["value"]) <= 2_000 for element in block["elements"])
        if block["type"] == "section":
            assert 0 < len(block["text"]["text"]) <= 3_000
    for text in texts(blocks):
        assert text["text"]


def judge_view(view: Mapping[str, Any]) -> None:
    """Raises when Slack would refuse this form or home."""
    parsed = View(**view)
    parsed.validate_json()
    judge_blocks(view["blocks"], cards.MOST_VIEW_BLOCKS)
    assert len(view.get("private_metadata", "")) <= 3_000


def texts(drawn: object) -> Iterator[Mapping[str, Any]]:
    """Every object with a text in it, however deep."""
    if isinstance(drawn, Mapping):
        if isinstance(drawn.get("text"), str):
            yield drawn
        for inner in drawn.values():
            yield from texts(inner)
    elif isinstance(drawn, (list, tuple)):
        for inner in drawn:
            yield from texts(inner)


def words_of(drawn: object) -> str:
    """What a person reads, from top to bottom."""
    return "\n".join(text["text"] for text in texts(drawn))


def element_types(drawn: object) -> set[str]:
    """The kinds of everything drawn."""
    found: set[str] = set()
    if isinstance(drawn, Mapping):
        found |= {drawn["type"]} if isinstance(drawn.get("type"), str) else set()
        for inner in drawn.values():
            found |= element_types(inner)
    elif isinstance(drawn, (list, tuple)):
        for inner in drawn:
            found |= element_types(inner)
    return found
