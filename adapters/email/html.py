"""The words of a mail that was written as a page: what a reader would see, as plain text.

nh3 first, because only a real parser of HTML sees what a mail program sees; it takes quadratic time for nested tags, so
a page that is too large or too deep loses its tags without being understood. Links keep their target in sight. Runs in
the child that parses mail. What a page hides from its readers is left out, unless it hides everything.
"""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Final

import nh3

from adapters.email import limits

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})")
_VOID: Final = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
#: Their closing tags are often left out, and a parser closes them itself.
_CLOSED_ALONE: Final = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead"})
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TABLES: Final = frozenset({"table", "tr", "dl", "dd", "dt", "li", "ol", "ul"})
_BOXES: Final = frozenset(
    {"address", "article", "aside", "center", "div", "figure", "form", "header", "main", "section"}
)
_OWN_LINES: Final = _HEADINGS | _TABLES | _BOXES | {"footer", "nav"}
_OWN_PARAGRAPHS: Final = _HEADINGS | {"p", "pre", "blockquote"}
_KEPT: Final = (
    _OWN_LINES | _OWN_PARAGRAPHS | {"a", "br", "hr", "img", "td", "th", "tbody", "thead", "span", "b", "i", "font"}
)
#: How pages hide words, as one declaration of a style without its spaces.
_HIDING: Final = frozenset({"display:none", "visibility:hidden", "mso-hide:all", "opacity:0"})
#: Words of no size are hidden as well, but not what stands among them in a size of its own: so many pages are laid out.
_SIZE: Final = re.compile(r"(?:^|;)font-size:([^;]*)")
_NO_SIZE: Final = re.compile(r"0+(?:\.0+)?[a-z%]*")
_DROPPED: Final = frozenset({"script", "style", "title", "head", "template", "object", "svg", "math", "noscript"})
#: In a page that is not parsed: what breaks a line, what does not, and what begins and ends a program.
_BLOCK: Final = re.compile(r"</?(?:br|p|div|tr|li|table|ul|ol|h[1-6])\b[^<>]*>", re.IGNORECASE)
_INLINE: Final = re.compile(r"<[a-zA-Z/!][^<>]*>")
_PROGRAM: Final = re.compile(r"(<(?:script|style)\b|</(?:script|style)\b[^<>]*>)", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_BLANKS: Final = re.compile(r"\n{3,}")
#: Where Outlook on the web begins the mail that is answered; what it calls the headers there is in any language.
_ANSWERED: Final = "divrplyfwdmsg"
_ANSWERED_MARK: Final = "-----Original Message-----"
_DEEPEST_QUOTE: Final = 10
_LONGEST_ADDRESS: Final = 500


def text_from_html(page: str) -> str:
    """What a page says, a paragraph a paragraph, quotes with `> ` before their lines."""
    if len(page) > limits.LARGEST_HTML or _is_too_deep(page):
        return _without_tags(page)
    safe = nh3.clean(
        page,
        tags=set(_KEPT),
        clean_content_tags=set(_DROPPED),
        attributes={"a": {"href"}, "img": {"alt"}, "div": {"id"}, "*": {"style", "hidden"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return _read(safe) or _read(safe, shows_hidden=True)


def _read(safe: str, *, shows_hidden: bool = False) -> str:
    reader = _Reader(shows_hidden=shows_hidden)
    reader.feed(safe)
    reader.close()
    return reader.text()


def _is_too_deep(page: str) -> bool:
    depth = 0
    for found in _TAG.finditer(page):
        name = found[2].lower()
        if name in _VOID or name in _CLOSED_ALONE:
            continue
        depth = max(depth + (-1 if found[1] else 1), 0)
        if depth > limits.MOST_OPEN_TAGS:
            return True
    # What is never closed counts as well, whichever tag it is.
    return sum(1 for found in _TAG.finditer(page) if not found[1]) > 10 * limits.MOST_OPEN_TAGS


def _without_tags(page: str) -> str:
    """The text between the tags, for a page that nobody should look at closely."""
    text = _INLINE.sub(" ", _BLOCK.sub("\n", _without_programs(page)))
    lines = (" ".join(line.split()) for line in unescape(text).split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _without_programs(page: str) -> str:
    """A page without what is written in it for browsers: scripts and styles, up to their ends."""
    kept: list[str] = []
    ends = ""
    for number, found in enumerate(_PROGRAM.split(page)):
        word = found[:8].lower()
        if number % 2 == 0:
            kept.append("" if ends else found)
        elif not word.startswith("</"):
            ends = ends or f"</{word[1:]}"
        elif ends and word.startswith(ends):
            ends = ""
    return "".join(kept)


class _Reader(HTMLParser):
    """Writes down what nh3 left, as text."""

    def __init__(self, *, shows_hidden: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._shows_hidden = shows_hidden
        self._hidden = 0
        #: For each tag that is open, whether words right below it have no size.
        self._sizeless: list[bool] = []
        self._lines: list[tuple[int, str]] = []
        self._line = ""
        self._quote = 0
        self._pre = 0
        self._counts: list[int | None] = []
        self._links: list[tuple[str, int]] = []
        self._row: list[bool] = []

    def text(self) -> str:
        self._end_line()
        lines = [f"{'> ' * depth}{line}".rstrip() for depth, line in self._lines]
        return _BLANKS.sub("\n\n", "\n".join(lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in _VOID:
            self._sizeless.append(self._is_sizeless(named))
        if tag not in _VOID and (self._hidden or self._hides(named)):
            self._hidden += 1
        if self._hidden or self._hides(named):
            return
        self._part(tag)
        match tag:
            case "br":
                self._end_line()
            case "hr":
                self._lines.append((self._quote, "———"))
            case "li":
                self._line += self._mark()
            case "td" | "th":
                self._begin_cell()
            case "a":
                self._links.append((named.get("href") or "", len(self._line)))
            case "img" if alt := _SPACES.sub(" ", named.get("alt") or "").strip():
                self._line += f"[image: {alt[:200]}]"
            case _:
                self._begin_block(tag, named.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._sizeless:
            self._sizeless.pop()
        if self._hidden:
            self._hidden -= tag not in _VOID
            return
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        self._part(tag)
        match tag:
            case "blockquote":
                while self._lines and self._lines[-1] == (self._quote, ""):
                    self._lines.pop()
                self._quote = max(self._quote - 1, 0)
                self._lines.append((self._quote, ""))
            case "pre":
                self._pre = max(self._pre - 1, 0)
            case "ul" | "ol" if self._counts:
                self._counts.pop()
            case "tr" if self._row:
                self._row.pop()

    def handle_data(self, data: str) -> None:
        if self._hidden or (self._sizeless and self._sizeless[-1]):
            return
        if self._pre:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._end_line()
                self._line = line
            return
        words = _SPACES.sub(" ", data)
        if not self._line or self._line.endswith(" "):
            words = words.lstrip(" ")
        self._line += words

    def _hides(self, named: Mapping[str, str | None]) -> bool:
        if self._shows_hidden:
            return False
        return "hidden" in named or not _HIDING.isdisjoint(_style(named).split(";"))

    def _is_sizeless(self, named: Mapping[str, str | None]) -> bool:
        if self._shows_hidden:
            return False
        sizes = _SIZE.findall(_style(named))
        return bool(_NO_SIZE.fullmatch(sizes[-1])) if sizes else bool(self._sizeless and self._sizeless[-1])

    def _part(self, tag: str) -> None:
        """End what stands before a tag that begins or ends a block."""
        if tag in _OWN_PARAGRAPHS:
            self._end_paragraph()
        elif tag in _OWN_LINES or tag == "hr":
            self._end_line(is_needed=False)

    def _begin_block(self, tag: str, name: str) -> None:
        match tag:
            case "div" if name.lower().endswith(_ANSWERED):
                self._lines.append((self._quote, _ANSWERED_MARK))
            case "blockquote":
                self._quote = min(self._quote + 1, _DEEPEST_QUOTE)
            case "pre":
                self._pre += 1
            case "ul" | "ol":
                self._counts.append(0 if tag == "ol" else None)
            case "tr":
                self._row.append(False)

    def _begin_cell(self) -> None:
        if self._row and self._row[-1] and self._line.strip():
            self._line = self._line.rstrip() + "  "
        if self._row:
            self._row[-1] = True

    def _mark(self) -> str:
        indent = "  " * (len(self._counts) - 1)
        if not self._counts or (count := self._counts[-1]) is None:
            return f"{indent}- "
        self._counts[-1] = count + 1
        return f"{indent}{count + 1}. "

    def _end_link(self, target: str, start: int) -> None:
        target = target.strip()[:_LONGEST_ADDRESS]
        shown = self._line[start:].strip()
        plain = target.removeprefix("mailto:").removeprefix("tel:")
        if not plain or plain.startswith("#") or _same(plain, shown):
            return
        self._line = f"{self._line.rstrip()} ({plain})" if shown else f"{self._line}{plain}"

    def _end_line(self, *, is_needed: bool = True) -> None:
        """`is_needed`: an empty line is a line too, because somebody asked for it."""
        line = self._line if self._pre else self._line.rstrip()
        if line.strip() or is_needed:
            self._lines.append((self._quote, line))
        self._line = ""

    def _end_paragraph(self) -> None:
        self._end_line(is_needed=False)
        if self._lines and self._lines[-1][1]:
            self._lines.append((self._quote, ""))


def _same(target: str, shown: str) -> bool:
    """Does a link show where it goes?"""
    bare = [one.lower().removeprefix("https://").removeprefix("http://").rstrip("/") for one in (target, shown)]
    return bare[0] == bare[1]


def _style(named: Mapping[str, str | None]) -> str:
    """The declarations of a tag, without spaces and what only says how much they are meant."""
    return "".join((named.get("style") or "").lower().split()).replace("!important", "")
