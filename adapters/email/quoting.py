"""What a mail says, apart from what it repeats: quoted text and signatures are folded away, and kept.

One pass over lines, each looked at by its beginning and its end, because what looks back and forth over a stranger's
text was measured at 14 s for 4 kB. In doubt nothing is folded: too much on a card is a nuisance, too little is a loss.

    said                          kept in sight
    On Tuesday, Vera wrote:       folded from here on, if nothing else is said below
    > what was quoted

A text quoted first and answered below loses the quote above; answers between quoted lines keep all of it, and so does
a sentence of one's own that ends in a colon right above. A text that was passed on is what the sender wants read.
"""

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from adapters.email.leads import EXACT, LONGEST, MARKED, lead_at
from adapters.email.signatures import without_signature

#: A line that compose may draw above what it quotes.
_OURS: Final = ("##-", "-##")
#: Lines of a header block, as Outlook repeats them, in the languages of the desk and their neighbours.
_SENDER: Final = (
    *("from:", "von:", "de:", "від:", "от:", "da:", "van:", "od:", "från:", "fra:", "gönderen:"),
    *(
        "відправник:",
        "отправитель:",
        "feladó:",
        "lähettäjä:",
        "expeditor:",
        "από:",
        "发件人:",
        "寄件者:",
        "差出人:",
        "보낸 사람:",
    ),
    *("expéditeur:", "mittente:", "nadawca:", "remitente:", "absender:"),
)
_TITLES: Final = (
    *("subject:", "betreff:", "asunto:", "тема:", "objet:", "oggetto:", "temat:", "onderwerp:", "assunto:"),
    *(
        "ämne:",
        "emne:",
        "konu:",
        "předmět:",
        "predmet:",
        "tárgy:",
        "subiect:",
        "aihe:",
        "θέμα:",
        "主题:",
        "主旨:",
        "件名:",
        "제목:",
    ),
)
_OTHERS: Final = (
    *_TITLES,
    *("sent:", "date:", "to:", "cc:", "reply-to:"),
    *("gesendet:", "datum:", "an:", "kopie:"),
    *("enviado:", "enviado el:", "fecha:", "para:", "enviada em:", "enviado em:", "data:"),
    *("надіслано:", "дата:", "кому:", "копія:", "отправлено:", "копия:"),
    *("envoyé:", "à:", "inviato:", "a:", "wysłano:", "do:", "verzonden:", "aan:"),
    *("skickat:", "till:", "sendt:", "til:", "gönderildi:", "tarih:", "kime:"),
    *("odesláno:", "odoslané:", "komu:", "küldve:", "címzett:", "trimis:", "către:", "lähetetty:", "vastaanottaja:"),
    *(
        "στάλθηκε:",
        "προς:",
        "发送时间:",
        "日期:",
        "收件人:",
        "抄送:",
        "寄件日期:",
        "收件者:",
        "送信日時:",
        "日時:",
        "宛先:",
    ),
    *("보낸 날짜:", "받는 사람:"),
)
_ORIGINALS: Final = (
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "mensaje original",
    "оригінальне повідомлення",
    "вихідне повідомлення",
    "исходное сообщение",
    "message d'origine",
    "messaggio originale",
    "wiadomość oryginalna",
    "oorspronkelijk bericht",
    "mensagem original",
    "original appointment",
    *("původní zpráva", "pôvodná správa", "eredeti üzenet", "mesaj original", "alkuperäinen viesti"),
    *(
        "ursprungligt meddelande",
        "oprindelig meddelelse",
        "opprinnelig melding",
        "özgün ileti",
        "原始邮件",
        "元のメッセージ",
    ),
)
_PASSED_ON: Final = (
    "forwarded message",
    "begin forwarded message:",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht:",
    "mensaje reenviado",
    "inicio del mensaje reenviado:",
    "переслане повідомлення",
    "пересланное сообщение",
    "початок листа, що пересилається:",
    *("message transféré", "messaggio inoltrato", "wiadomość przekazana dalej", "mensagem encaminhada"),
    *("doorgestuurd bericht", "przekazywana wiadomość", "début du message transféré :", "inizio messaggio inoltrato:"),
)
_SUBJECTS: Final = ("fw:", "fwd:", "wg:", "rv:", "enc:", "tr:", "i:", "пересл:", "вт:")
_SHORTEST_RULE: Final = 3
#: Headers of a block that does not begin with the sender; one more where no address stands in it.
_FEWEST_HEADERS: Final = 3
_EDGES: Final = " \t*_-–—=#>"


@dataclass(frozen=True, slots=True)
class Folded:
    """`said` is shown; `beneath` is folded away."""

    said: str
    beneath: str


def is_passed_on(subject: str) -> bool:
    """Does a subject say that a mail of somebody else's was passed on?"""
    return subject.strip().lower().startswith(_SUBJECTS)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A text that passes on another: what its sender says `above`, then who wrote what, and about what."""

    above: str
    author: str
    subject: str
    words: str


def passed_on(text: str) -> PassedOn | None:
    """Find the first text that is passed on whole, by the headers that programs draw above it; None without any."""
    lines = text.split("\n")
    start = next((number for number in range(len(lines)) if _is_sender_first(lines, number)), None)
    if start is None:
        return None
    author = _value(lines[start])
    while start and _header(lines[start - 1]).startswith(_OTHERS):
        start -= 1  # Thunderbird begins with the subject
    end = start
    while end < len(lines) and lines[end].strip(_EDGES):
        end += 1
    above = [line for line in lines[:start] if not _is_alone(line.strip(_EDGES).lower(), (*_PASSED_ON, *_ORIGINALS))]
    subjects = (_value(line) for line in lines[start:end] if _header(line).startswith(_TITLES))
    words = "\n".join(lines[end:]).strip()
    return PassedOn("\n".join(above).strip(_EDGES + "\n"), author, next(subjects, ""), words)


def fold(text: str, *, is_passed_on: bool = False) -> Folded:
    """Divide a text into what was said and what stands beneath. Together they hold every line."""
    lines = text.split("\n")
    start, end = 0, len(lines)
    if not is_passed_on:
        end = without_signature(lines, end)
        end = without_signature(lines, _end_of_words(lines, end))
        start = _start_of_words(lines, end)
    said = "\n".join(lines[start:end]).strip()
    if not said:
        return Folded(text.strip(), "")
    return Folded(said, "\n".join([*lines[:start], *lines[end:]]).strip())


def words_alone(text: str) -> str:
    """What may be passed on to somebody else: nothing below our line, nothing that is marked as a quote or leads to it.

    In doubt it is left out, the other way round than in `fold`: what we wrote to one person is not another's to read.
    """
    lines = text.split("\n")
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        words = line.strip(_EDGES).lower()
        if MARKED.match(line):
            number += 1
            continue
        if _is_ours(line) or _is_alone(words, (*_ORIGINALS, *_PASSED_ON)) or _is_header_block(lines, number):
            break
        if lead := lead_at(lines, number):
            following = next((one for one in lines[number + lead :] if one.strip()), "")
            if not MARKED.match(following):
                break  # quoted without any sign, to the end
            number += lead
            continue
        kept.append(line)
        number += 1
    while kept and not kept[-1].strip(_EDGES):
        kept.pop()  # also the line that Outlook draws above
    return "\n".join(kept[: without_signature(kept, len(kept))]).strip()


def _end_of_words(lines: list[str], end: int) -> int:
    """The line at which a quote begins below which nothing is said; `end` if there is none."""
    last_quoted, last_said = _last_quoted_and_said(lines, end)
    for number in range(end):
        words = lines[number].strip(_EDGES).lower()
        if not words:
            continue
        if _is_alone(words, _PASSED_ON):
            return end
        # Quoted itself, our line says nothing about what was written below the quote.
        if _is_ours(lines[number]) and (last_said < number or not MARKED.match(lines[number])):
            return _lead_to_ours(lines, number)
        if _is_alone(words, _ORIGINALS) or _is_header_block(lines, number):
            # Outlook draws a line above.
            has_rule = number > 0 and len(lines[number - 1]) >= _SHORTEST_RULE and not lines[number - 1].strip(_EDGES)
            return number - has_rule
        after = number + lead_at(lines, number)
        # Below its lead a quote is marked to the end, or not at all: some programs quote without any sign.
        if after > number and (last_said < after or last_quoted < after):
            return number
    if last_said < last_quoted and _introduces(lines, last_said):
        return end
    return end if last_said > last_quoted else last_said + 1


def _last_quoted_and_said(lines: list[str], end: int) -> tuple[int, int]:
    """The last lines that are marked as a quote and that are not; -1 without any."""
    last_quoted = last_said = -1
    for number in range(end):
        if MARKED.match(lines[number]):
            last_quoted = number
        elif lines[number].strip():
            last_said = number
    return last_quoted, last_said


def _lead_to_ours(lines: list[str], number: int) -> int:
    """The line at which a quote of our own mail begins: what leads to it ends in a colon, in whatever language."""
    above = number
    while above and (not lines[above - 1].strip() or MARKED.match(lines[above - 1])):
        above -= 1
    if above and lines[above - 1].rstrip().endswith((":", "：")) and EXACT.search(lines[above - 1]):
        return above - 1
    return number


def _introduces(lines: list[str], number: int) -> bool:
    """Is the marked text right below somebody's own evidence? "The log says:" is no sentence of a mail program."""
    return number >= 0 and lines[number].rstrip().endswith(":") and MARKED.match(lines[number + 1]) is not None


def _is_ours(line: str) -> bool:
    words = line.strip("> \t")
    return len(words) > 2 * len(_OURS[0]) and words.startswith(_OURS[0]) and words.endswith(_OURS[1])


def _is_alone(words: str, known: tuple[str, ...]) -> bool:
    """Is a marker all there is in the line, and not the beginning of a sentence?"""
    return words.startswith(known) and words.rstrip(_EDGES + ":") in {one.rstrip(":") for one in known}


def _is_header_block(lines: list[str], number: int) -> bool:
    """Do headers stand here that say who wrote, in the order that a program draws them in?"""
    if _is_sender_first(lines, number):
        return True
    if not _header(lines[number]).startswith(_OTHERS):
        return False
    # Some begin with the subject or the day; a form that somebody fills in has no such neighbours.
    block = [_header(line) for line in lines[number : number + 6]]
    block = list(takewhile(lambda line: line.startswith((*_SENDER, *_OTHERS)), block))
    authors = [line for line in block if line.startswith(_SENDER)]
    if not authors or not any(line.startswith(_TITLES) for line in block):
        return False
    return len(block) > _FEWEST_HEADERS or (len(block) == _FEWEST_HEADERS and "@" in authors[0])


def _is_sender_first(lines: list[str], number: int) -> bool:
    """Does a header stand here that says who wrote, and at least two more within the next lines?"""
    if not _header(lines[number]).startswith(_SENDER):
        return False
    following = [_header(line) for line in lines[number + 1 : number + 7]]
    return sum(line.startswith(_OTHERS) for line in following) > 1


def _header(line: str) -> str:
    line = line[:LONGEST].replace("：", ":")
    name, colon, rest = line.strip(_EDGES).lower().replace("*", "").partition(":")
    return f"{name.rstrip()}{colon}{rest}"  # the French put a space before it


def _value(line: str) -> str:
    """What stands behind the name of a header; some programs draw the name bold."""
    return line[:LONGEST].partition(":")[2].strip().strip("*").strip()


def _start_of_words(lines: list[str], end: int) -> int:
    """Step over a quote that opens the text and is answered below, unless more quotes follow."""
    at = 0
    while at < end and not lines[at].strip():
        at += 1
    first = at = at + (lead_at(lines, at) if at < end else 0)
    while at < end and (not lines[at].strip() or MARKED.match(lines[at])):
        at += 1
    is_quote = any(MARKED.match(line) for line in lines[first:at])
    is_answered_between = any(MARKED.match(line) for line in lines[at:end])
    return at if is_quote and at < end and not is_answered_between else 0
