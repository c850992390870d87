"""Bytes to words, whatever they claim to be written in. Never raises, and never loses a byte without a sign of it.

What a mail says of its charset is a hint: unknown names, wrong names and mixtures are daily bread. The order is: what
it says, then UTF-8, then the Windows charset that everything unmarked is written in.
"""

import codecs
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


def words_from_bytes(written: bytes, charset: str = "") -> str:
    """What was written; bytes that fit no charset become the sign for "unreadable"."""
    for name in (_codec(charset), "utf-8"):
        if name:
            try:
                return written.decode(name)
            except (UnicodeError, LookupError, ValueError):
                continue
    if _codec(charset) in {None, "utf-8", "cp1252"} and not _is_nearly_utf8(written):
        return written.decode("cp1252", "replace")
    return written.decode(_codec(charset) or "utf-8", "replace")


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
