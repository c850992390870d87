"""Steps of a ladder that tell nobody, because nobody has the role: the admins hear of it when a revision is taken up.

Whoever climbs the ladder skips such a step at once, so nothing waits; but somebody should know before that.
"""

from collections.abc import Iterator

from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.ladder.steps import climbed_steps
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from routing.ladder import told
from sla.duration import Instant


def tell(conn: Connection, revision: Revision, directory: Directory, *, at: Instant) -> int:
    """Tell each admin once a revision, whichever process does it first; how many steps tell nobody."""
    steps = list(unmanned(revision))
    for person in directory.admins() if steps else ():
        speak = person_texts(revision, person)
        lines = tuple(speak("unmanned_step", ladder=ladder, step=step, tell=word) for ladder, step, word in steps)
        key = f"unmanned:{revision.number}:{person}"
        ping = Ping(person, key, speak("ping_unmanned", count=len(steps)), lines, is_alert=True)
        write_ping(conn, ping, at=at, whereto=directory.whereto)
    return len(steps)


def unmanned(revision: Revision) -> Iterator[tuple[str, int, str]]:
    """Such steps of the ladders that are climbed: the ladder, the step counted from 1, whom it means to tell."""
    for name, place, tell in climbed_steps(revision):
        if not told(tell, revision.people, revision.lines):
            yield name, place, tell
