"""A moment that a client asks for in a sentence of their own. Pure.

    Could we speak tomorrow at 15?   Завтра о 15:00 Вам зручно?   ¿Podemos hablar mañana a las 15?

What is left of it without the words in which people ask for a call has to be a moment and nothing else: one word that
is not among them may be what somebody needs help with, so "errors since yesterday 15:00" stays a message. It is read
only while times are offered, and comes back to be confirmed.
"""

import re
from collections.abc import Sequence
from typing import Final

from bot.tickets.words.asking import is_asked_moment, plainly

#: Whoever writes more than this says more than a time.
_LONGEST: Final = 120
#: So many words are in no greeting, moment and thank you together; the moment alone has no more than these.
_MOST_WORDS: Final = 15
_MOST_OF_A_MOMENT: Final = 9
_GREETING: Final = re.compile(
    r"\b(?:good (?:morning|afternoon|evening|day)|добр\w+ (?:дня|день|ранку|ранок|вечора|вечір)|"
    r"buen[oa]s? (?:días|dias|tardes|noches|día|dia)|gut(?:en|e) (?:tag|morgen|abend)|"
    r"hello|hi|hey|dear|вітаю|привіт|hola|hallo|moin)"
    r"(?!\w)"
)
#: `do` is a Thursday in German, but not of whoever does something.
_DOING: Final = re.compile(r"\b(we|you|i|to|can|could|let's) do(?!\w)")
#: The words in which people ask for a call, or say that a time suits them; no word of it names a day, or what is wrong.
_WORDS: Final = """
    could can shall should will would we i you me us let's lets let speak talk call chat meet phone ring make
    get book schedule take prefer like rather want be is are it that this the an how about what with work works
    suit suits fit fits good fine great ok okay perfect best better possible available free convenient slot yes
    sure instead maybe perhaps then for to

    чи можна можемо можете можу могли міг могла б би ми я ви мені нам вам вас мене поговорити поговоримо
    говорити подзвонити подзвоніть зателефонувати зателефонуйте дзвінок зідзвонитися зідзвонимося зідзвонимось
    зустрітися давайте хочу хотів хотіла хотіли краще підходить підійде зручно зручніше буде є це як щодо а то
    тоді для на час добре так ок можливо призначити забронювати

    podemos podríamos podriamos puede puedo podría podria pueden hablar llamar llamarme llámeme llameme llamada
    hacer tener reservar quiero quisiera querría queremos prefiero preferimos me nos le les va viene bien mejor
    sería seria es estaría posible disponible libre qué que tal si sí una un mí con nosotros vale perfecto

    können koennen könnten koennten kann könnte wir ich sie mich uns mir ihnen sprechen reden telefonieren
    anrufen rufen anruf treffen gerne gern passt passen würde wuerde würden wäre waere ist geht ginge möchte
    moechte möchten lieber besser gut wie es das der die ein einen termin mit ja dann vielleicht möglich auf
    auch
"""
_ASKING: Final = frozenset(_WORDS.split())
#: In a sentence these are hardly the days that they are alone; and what shall be done by then is no call.
_UNCLEAR: Final = frozenset(
    ["mo", "di", "mi", "do", "fr", "sa", "so", "by", "until", "till", "within", "bis", "ab", "до"],
)
#: The time of a clock, or so long from now. A number alone may be one of the times, a length how long anything takes.
_CLOCK: Final = re.compile(
    r"\d[:.]\d{2}(?!\d)|\d\s?[ap]\.?m|\d\s?uhr|(?:^|\s)(?:in|за|через|en|dentro de)\s+\d|[^\W\d]\s+\d{1,2}[.!]?$"
)
_ENDS: Final = ".,!?;:"
#: An hour of today, which alone may be anything: at 15, о 15, a las 15, um 15.
_HOUR: Final = re.compile(r"(?:at|о|об|a las?|um)\s+(7|8|9|1\d|2[0-3])[.!]?")
#: What stands below a mail, word by word; names begin with a capital letter.
_REGARDS: Final = frozenset(
    word
    for words in (
        "kind best warm many regards wishes thanks thank you cheers sincerely yours br",
        "з із повагою найкращими побажаннями дякую щиро",
        "un cordial saludo saludos cordiales atentamente gracias",
        "mit freundlichen grüßen gruß grüße viele liebe beste vielen dank danke mfg lg vg",
    )
    for word in words.split()
)
_MOST_LINES: Final = 8
_MOST_NAMES: Final = 4


def moment_in(text: str) -> str:
    """The moment that a sentence asks for, as it may be read alone; empty where it says anything else."""
    said = text.strip()
    if len(said) > _LONGEST or not any(map(str.isdigit, said)) or _says_more(said):
        return ""
    plain = _DOING.sub(r"\1", _GREETING.sub(" ", plainly(said)))
    left = [word for word in plain.split() if word.strip(_ENDS) and word.strip(_ENDS) not in _ASKING]
    if len(left) > _MOST_OF_A_MOMENT:
        return ""
    moment = " ".join(left)
    if (hour := _HOUR.fullmatch(moment)) is not None:
        moment = f"{hour[1]}:00"
    is_clear = _CLOCK.search(moment) is not None and not any(word.strip(_ENDS) in _UNCLEAR for word in left)
    return moment if is_clear and is_asked_moment(moment) else ""


def _says_more(said: str) -> bool:
    """Whether it is too long for a moment. Cheap: every message is asked, and reading one costs as much as routing."""
    words = said.casefold().split()
    return len(words) > _MOST_WORDS and sum(word.strip(_ENDS) not in _ASKING for word in words) > _MOST_WORDS


def without_frame(text: str) -> str:
    """A mail without the greeting above and the regards and the name below; empty where more than a line is left."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        return ""
    if len(lines) > 1 and _is_greeting(lines[0]):
        lines = lines[1:]
    return lines[0] if lines and all(_is_below(line.split()) for line in lines[1:]) else ""


def _is_greeting(line: str) -> bool:
    plain = line.casefold()
    found = _GREETING.match(plain)
    return found is not None and len(plain[found.end() :].split()) <= _MOST_NAMES and not any(map(str.isdigit, plain))


def _is_below(words: Sequence[str]) -> bool:
    """Whether a line is regards, a name, or no words at all."""
    plain = [word.strip(_ENDS + "-–—|/") for word in words]
    named = [word for word in plain if word.casefold() not in _REGARDS and any(map(str.isalpha, word))]
    return len(named) <= _MOST_NAMES and all(word[0].isupper() for word in named)
