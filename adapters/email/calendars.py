"""What somebody says beside an answer that their calendar gives for them: "Declined. Call me" is heard.

A calendar writes a sentence of its own, and repeats the invitation below. What is neither was said, and so is what
stands in the field that calendars have for a note, whatever it is beside: yes, no, another time.
"""

import re
from itertools import takewhile
from typing import Final

from adapters.email.letter import Letter
from adapters.email.quoting import words_alone

#: "Lena Novak has accepted this invitation", as calendars write it in the languages of the desk, and nothing behind it.
_SENTENCE: Final = re.compile(
    r"(?:\S{1,60} ){1,6}(?:"
    r"has (?:tentatively )?(?:accepted|declined)(?: (?:this|the|your) (?:invitation|event|meeting))?"
    r"(?:(?<=invitation) with this note)?"
    r'|has replied "?maybe"? to this invitation(?: with this note)?'
    r"|has proposed a new time(?: for this (?:event|meeting))?"
    r"|hat (?:(?:diese|die) einladung )?(?:unter vorbehalt |vorläufig )?(?:angenommen|zugesagt|abgelehnt|abgesagt)"
    r"|ha (?:aceptado|rechazado)(?: provisionalmente)?(?: (?:esta|la|tu|su) invitación)?"
    r"|(?:прийняв|прийняла|прийняв\(-ла\)|відхилив|відхилила|відхилив\(-ла\))(?: (?:це )?запрошення)?"
    r"|(?:принял|приняла|принял\(а\)|отклонил|отклонила|отклонил\(а\))(?: (?:это )?приглашение)?"
    r"|a (?:accepté|refusé|décliné)(?: (?:cette|l['’]|votre) ?invitation)?"
    r"|(?:zaakceptował|odrzucił)(?:a|\(a\))? (?:to )?zaproszenie"
    r")|accepted|declined|tentative|tentatively accepted|zugesagt|abgesagt|abgelehnt|aceptado|rechazado"
    r"|прийнято|відхилено|принято|отклонено|accepté|refusé|zaakceptowano|odrzucono",
    re.IGNORECASE,
)
_LONGEST_SENTENCE: Final = 160
#: How the invitation begins that is repeated below.
_REPEATED: Final = (
    *(
        "when:",
        "where:",
        "wann:",
        "wo:",
        "cuándo:",
        "dónde:",
        "коли:",
        "де:",
        "*~*~",
        "invitation from google calendar",
    ),
)
_GOOGLE: Final = "calendar.google.com"
_NOTE: Final = "note:"


def words_beside_answer(letter: Letter) -> str:
    """The words of a person in a mail that a calendar wrote; empty if there are none."""
    said = words_alone(letter.said)
    first, _, rest = said.partition("\n")
    sentence = first.strip().rstrip(".!:")
    if len(first) <= _LONGEST_SENTENCE and _SENTENCE.fullmatch(sentence):
        # Google repeats the invitation without any sign; a note stands above it.
        said = "" if _GOOGLE in rest.lower() and not first.strip().endswith(_NOTE) else rest
    lines = takewhile(lambda line: not line.strip().lower().startswith(_REPEATED), said.split("\n"))
    words, note = "\n".join(lines).strip(), letter.calendar_note
    # Some programs repeat the note in the mail.
    return words if " ".join(note.split()) in " ".join(words.split()) else f"{words}\n\n{note}".strip()


def has_note(letter: Letter) -> bool:
    """Did a person write a note into their calendar? It comes in a mail that the calendar says nobody wrote."""
    return bool(letter.calendar_note) or letter.said.strip().partition("\n")[0].strip().endswith(_NOTE)
