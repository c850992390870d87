"""Bytes to words, whatever they claim to be written in. Never raises, and never loses a byte without a sign of it.

What a mail says of its charset is a hint: unknown names, wrong names and mixtures are daily bread. The order is: what
it says, unless that is one letter a byte and the bytes are plainly UTF-8; then UTF-8; then the Windows charset that
everything unmarked is written in, the Cyrillic one where letters run together as only Cyrillic ones do.
"""

import codecs
import re
from typing import Final

#: Names that mail programs use and Python does not know, or knows as something smaller than what they mean.
_MEANT: Final = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "default": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252http-equivcontent-type": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_2",
    **dict.fromkeys(("iso-2022-jp-ms", "cp50220", "cp50221", "cp50222"), "iso2022_jp_2"),
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "cp-1251": "cp1251",
    "win-1251": "cp1251",
    "koi8": "koi8-r",
}
#: Codecs of Python's that are no charsets of mail; two of them take quadratic time.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem", "palmos"}
)
_LONGEST_NAME: Final = 60
#: Charsets of one letter a byte, by the beginnings of their names.
_SINGLE: Final = ("cp125", "iso8859", "koi8", "mac", "cp866")
#: So many letters outside ASCII say what they are written in; fewer may stand there by chance, as "Ні" does.
_FEWEST: Final = 3
#: The letters that words of Cyrillic languages are full of, as Windows writes them: о е а и і н т, small and large.
_FREQUENT: Final = frozenset(b"\xee\xe5\xe0\xe8\xb3\xed\xf2\xce\xc5\xc0\xc8\xb2\xcd\xd2")
_OUTSIDE: Final = re.compile(rb"[\xa5\xa8\xaa\xaf\xb2-\xb4\xb8\xba\xbf-\xff]{2,}")
_LOOKED_AT: Final = 4_000
_JAPANESE: Final = "iso2022_jp_2"
#: How ISO-2022-JP says that one or two bytes a letter follow, and which.
_ESCAPE: Final = re.compile(rb"(\x1b(?:\$[@B]|\([BJI]))")
_PAIR: Final = re.compile(rb"[\x21-\x7e]{2}")
#: Letters that only Ukrainian has, where KOI8-R has lines of tables; beside another letter they are no lines.
_UKRAINIAN: Final = re.compile(
    rb"[\xc0-\xff][\xa4\xa6\xa7\xad\xb4\xb6\xb7\xbd]|[\xa4\xa6\xa7\xad\xb4\xb6\xb7\xbd][\xc0-\xff]"
)


def words_from_bytes(written: bytes, charset: str = "") -> str:
    """What was written; bytes that fit no charset become the sign for "unreadable"."""
    said = _codec(charset)
    if said == "koi8-r" and _UKRAINIAN.search(written):
        said = "koi8-u"
    for name in ("utf-8" if said and _is_plainly_utf8(written, said) else said, "utf-8"):
        if name:
            try:
                return written.decode(name)
            except (UnicodeError, LookupError, ValueError):
                if name == _JAPANESE:
                    return _as_windows_writes_japanese(written)
    if said in {None, "utf-8", "cp1252"} and not _is_nearly_utf8(written):
        return written.decode("cp1251" if _is_cyrillic(written) else "cp1252", "replace")
    return written.decode(said or "utf-8", "replace")


def _as_windows_writes_japanese(written: bytes) -> str:
    """ISO-2022-JP with the letters that Windows added to it, a number in a ring among them: the same in CP932."""
    pieces = _ESCAPE.split(written)
    read = [pieces[0]]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        match escape[1:]:
            case b"$@" | b"$B":
                read.append(_PAIR.sub(lambda pair: _shifted(*pair[0]), piece))
            case b"(I":
                read.append(bytes(byte | 0x80 if 0x20 < byte < 0x60 else byte for byte in piece))  # noqa: PLR2004
            case _:
                read.append(piece)
    return b"".join(read).decode("cp932", "replace")


def _shifted(row: int, cell: int) -> bytes:
    """A letter of two bytes as Shift JIS spells it (JIS X 0208, annex 1)."""
    first = (row + 1) // 2 + (112 if row <= 94 else 176)  # noqa: PLR2004
    return bytes((first, cell + 31 + cell // 96 if row % 2 else cell + 126))


def _codec(charset: str) -> str | None:
    """The codec a mail means by a name; None if it names none."""
    name = charset.strip().strip("\"'").lower()[:_LONGEST_NAME]
    if not name.isascii() or not name:
        return None
    name = _MEANT.get(name, name)
    if name.replace("_", "-") in _NO_CHARSETS:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Python also calls compressions and ciphers codecs.
    return found.name if getattr(found, "_is_text_encoding", True) else None


def _is_nearly_utf8(written: bytes) -> bool:
    """Is this UTF-8 that was cut or damaged in few places, rather than something else?"""
    read = written.decode("utf-8", "replace")
    bad = read.count("\N{REPLACEMENT CHARACTER}")
    return bad * 4 < sum(character > "\x7f" for character in read)


def _is_plainly_utf8(written: bytes, said: str) -> bool:
    """Is this UTF-8, though it is said to be a charset of one letter a byte, in which all bytes are some letter?"""
    if said == "utf-8" or not said.startswith(_SINGLE) or written.isascii():
        return False
    try:
        strange = [character for character in written.decode("utf-8") if character > "\x7f"]
    except UnicodeError:
        return False
    if said == "cp1252":
        return True  # there, a capital with an accent and a sign behind it are no word's
    known = sum(_has(said, character) for character in strange[:_LOOKED_AT])
    return len(strange) >= _FEWEST and (2 * known > len(strange[:_LOOKED_AT]) or len(set(strange)) > _FEWEST)


def _has(charset: str, character: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeError:
        return False
    return True


def _is_cyrillic(written: bytes) -> bool:
    """Do the bytes outside ASCII stand together in words, and are they the letters that such words are full of?"""
    piece = written[:_LOOKED_AT]
    high = sum(byte > 0x7F for byte in piece)  # noqa: PLR2004 - the end of ASCII
    together = b"".join(_OUTSIDE.findall(piece))
    frequent = sum(byte in _FREQUENT for byte in together)
    return len(together) >= _FEWEST and 2 * len(together) > high and 5 * frequent >= len(together)
