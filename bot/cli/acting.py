"""A person of ours does something to a ticket from a terminal, through the same door as on any other screen."""

import uuid
from typing import TYPE_CHECKING

from adapters.port import Answer
from bot.cli.beside import Beside
from bot.cli.printed import CommandError
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId

if TYPE_CHECKING:  # see beside.py
    from bot.tickets.command import Command


async def perform(desk: Beside, by: PersonId, ticket: TicketId, command: "Command") -> Answer:
    """Do it, and give the answer. A CommandError says why not, in the language of whoever acts."""
    from bot.app.channels.configured import configured
    from bot.desk.changes import Changes
    from bot.desk.commands import Commands
    from bot.store.driver.committer import Committer

    committer = Committer(desk.database)
    served = configured(desk.settings, is_demo=desk.is_demo)
    commands = Commands(
        committer, desk.revisions, desk.directory, lambda: desk.now, done=Changes(), woken=(), served=served
    )
    try:
        answer = await commands.perform(by, ticket, command, key=f"terminal:{uuid.uuid4()}")
    except KeyError as error:
        raise CommandError(f"there is no ticket {number(ticket)}") from error
    finally:
        await committer.close()
    if answer.is_refused:
        raise CommandError(answer.text)
    return answer
