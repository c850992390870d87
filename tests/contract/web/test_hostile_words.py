"""Words that would like to be more than words: in texts, names, subjects, notes, reasons and the names of files."""

from html.parser import HTMLParser
from pathlib import Path

from adapters.message import Attachment, Channel, Untrusted
from bot.tickets import command as c
from tests.contract.web.served import ServedBoard, Visit

CORPUS = tuple((Path(__file__).parents[2] / "fixtures/inapp/hostile.txt").read_text("utf-8").splitlines())
#: What our own templates may contain; anything else came in as somebody's words.
OURS = """
    html head meta title link script body a p div nav img span b small form button main h1 h2 h3 table thead tbody tr
    th td svg circle path bdi header details summary ol ul li section dl dt dd select option input textarea label
    dialog blockquote br q datalist
"""


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def faults(page: str) -> list[str]:
    """Elements, scripts and addresses that our templates never write."""
    elements = _Elements()
    elements.feed(page)
    found = []
    for tag, attributes in elements.found:
        if tag not in OURS.split():
            found.append(f"<{tag}>")
        found += [f"<{tag} {name}>" for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            address = attributes.get(name)
            if address is not None and not address.startswith(("/board", "#", "/demo")):
                found.append(f"<{tag} {name}={address}>")
    return found


async def test_words_stay_words(board: ServedBoard, vera: Visit) -> None:
    story = board.story
    for place, words in enumerate(CORPUS, 1):
        file = Attachment(Untrusted(words), "text/html", 10, None, words)
        telegram = story.channels[Channel.TELEGRAM]
        await telegram.says(f"-1001234#{place}", words, sender=f"66{place}", name=words, attachments=(file,))
        await story.settle()
        await story.does("oleg", c.AddNote(words), ticket=place)
        await story.does("dana", c.Escalate(words), ticket=place)
        await story.does("dana", c.NotCovered(words), ticket=place)
        assert faults((await vera.see(f"/board/T-{place}")).text) == [], words
        refused = await vera.press(f"T-{place}", "eta", due=words, text=words)
        assert refused.status == 422
        assert faults(refused.text) == [], words
    dana = await board.signed_in("dana")
    for page in (await vera.see("/board"), await dana.see("/board/alerts")):
        assert len(page.text) > 100 * len(CORPUS)
        assert faults(page.text) == []


def test_the_judge_sees_what_it_must_see() -> None:
    assert faults('<img src=x onerror=alert(1)><iframe></iframe><a href="javascript:1">x</a>') == [
        "<img onerror>",
        "<img src=x>",
        "<iframe>",
        "<a href=javascript:1>",
    ]
