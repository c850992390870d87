"""Whether a message is only thanks: it starts no clock and reopens nothing.

At most three words, all of them in the list of the contact's language or of English, or nothing but signs and emoji, a
sticker that stands for one among them.
Source: semantics, section 3.
"""

import re
from typing import Final

WORDS: Final = {
    "en": "thanks thank you thx ty great ok okay perfect cool nice super awesome got it cheers much very many a lot",
    "uk": "дякую дякуємо спасибі супер добре гаразд чудово ок окей зрозуміло щиро велике дуже вам",
    "es": "gracias muchas perfecto vale ok genial estupendo bien muy mil súper entendido",
    "de": "danke vielen dank super perfekt ok okay prima alles klar gut sehr schön bestens herzlichen",
}
_WORDS: Final = {language: frozenset(words.split()) for language, words in WORDS.items()}
MOST_WORDS: Final = 3
LONGEST: Final = 60
#: How a sticker reads where only words are shown.
_STICKER: Final = re.compile(r"\[sticker ([^\w\]]+)\]")


def is_courtesy(text: str, language: str) -> bool:
    """True for `Thanks!`, `ок, дякую` or a thumbs-up; an empty text is not courtesy, and neither is a question."""
    if len(text) > LONGEST or "?" in text or not text.strip():
        return False
    said = _STICKER.sub(r"\1", text).casefold()
    words = "".join(sign if sign.isalnum() else " " for sign in said).split()
    known = _WORDS.get(language, frozenset()) | _WORDS["en"]
    return len(words) <= MOST_WORDS and all(word in known for word in words)
