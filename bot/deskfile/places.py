"""Where each key of a TOML file stands, so that a mistake can be named by its line.

The standard library reads TOML but forgets the lines. This walks the same text again and keeps nothing but places. It
is only asked about text that `tomllib` has accepted, so it follows the grammar and checks none of it.
"""

import tomllib
from bisect import bisect_right

#: The way from the top of a document to a value: keys of tables and positions in arrays.
KeyPath = tuple[str | int, ...]

_BLANK = " \t\r\n"
_ENDS_BARE_KEY = ".=] \t"
_ENDS_SCALAR = ",]}#\n"


def places(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table, key and array member; a table is where it is first mentioned."""
    return _Walk(text).whole()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._starts = [0, *(index + 1 for index, sign in enumerate(text) if sign == "\n")]
        self._tables_of: dict[KeyPath, int] = {}

    def whole(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip():
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)
        return self.lines

    def _line(self) -> int:
        return bisect_right(self._starts, self.at)

    def _note(self, path: KeyPath, line: int) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)

    def _skip(self, blank: str = _BLANK) -> bool:
        """Pass over space and comments; false at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                self._to_end_of_line()
            elif self.text[self.at] in blank:
                self.at += 1
            else:
                return True
        return False

    def _to_end_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _header(self, brackets: int) -> KeyPath:
        line = self._line()
        self.at += brackets
        key = self._key()
        self._skip(" \t")
        self.at += brackets
        if brackets > 1:
            path = self._within_arrays(key[:-1]) + key[-1:]
            member = self._tables_of.get(path, 0)
            self._tables_of[path] = member + 1
            path = (*path, member)
        else:
            path = self._within_arrays(key)
        self._note(path, line)
        return path

    def _within_arrays(self, key: KeyPath) -> KeyPath:
        """A header below `[[a]]` means the newest member of that array."""
        path: KeyPath = ()
        for part in key:
            path = (*path, part)
            if path in self._tables_of:
                path = (*path, self._tables_of[path] - 1)
        return path

    def _key(self) -> KeyPath:
        parts: list[str | int] = []
        while True:
            self._skip(" \t")
            start = self.at
            if self.text[start] in "\"'":
                self._string()
                parts.append(tomllib.loads("key = " + self.text[start : self.at])["key"])
            else:
                while self.text[self.at] not in _ENDS_BARE_KEY:
                    self.at += 1
                parts.append(self.text[start : self.at])
            self._skip(" \t")
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table + self._key()
        self._note(path, line)
        self.at += 1  # the equals sign
        self._skip(" \t")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        sign = self.text[self.at]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _ENDS_SCALAR:
                self.at += 1

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        member = 0
        while self._skip() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, member), self._line())
            self._value((*path, member))
            member += 1
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self._skip() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
            else:
                self._pair(path)
        self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        long = self.text.startswith(quote * 3, self.at)
        close = quote * 3 if long else quote
        self.at += len(close)
        while not self.text.startswith(close, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(close)
        while long and self.text.startswith(quote, self.at):  # up to two quotes may stand before the closing three
            self.at += 1
