"""What there is to do about calls inside a transaction, in one piece: for whoever hears, presses, commands or wakes."""

from typing import Final

from bot.desk.calls.alarms import CallAlarms
from bot.desk.calls.attendance import CallAttendance
from bot.desk.calls.client_presses import CallPresses
from bot.desk.calls.life import CallLife
from bot.desk.calls.staff import CallStaff
from bot.desk.calls.staff_keyboard import StaffKeyboard
from bot.desk.calls.talk import CallTalk
from bot.desk.calls.wishes import CallWishes
from bot.desk.directory import Directory
from bot.store.revisions import Revisions

_WORD: Final = "call "


class Calls:
    """Holds nothing of its own, so there may be several."""

    def __init__(self, revisions: Revisions, directory: Directory, page: str = "") -> None:
        """`page` is where our pages are seen from outside; without it no links are given."""
        self.life = CallLife(directory, page)
        wishes = CallWishes(self.life, revisions, directory)
        self.talk = CallTalk(self.life, wishes, revisions, directory)
        self.presses = CallPresses(self.life, wishes, revisions, directory)
        self.staff = CallStaff(self.life, revisions, directory)
        self.keys = StaffKeyboard(self.staff, revisions, directory)
        self.alarms = CallAlarms(self.life, revisions, directory)
        self.attendance = CallAttendance(self.life, wishes, self.staff, self.alarms, revisions, directory)


def call_asked(text: str) -> str:
    """What stands after `call` where somebody wants something done about one; empty for anything else."""
    said = text.strip()
    return said[len(_WORD) :].strip() if said.casefold().startswith(_WORD) else ""
