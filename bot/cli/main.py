"""The command line: `maitred COMMAND`. Each command imports what it needs when it is called, so that all start fast.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. What can be expected to go wrong is a sentence on the
error output; a traceback is a defect of ours.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.absence import absence
from bot.cli.beside import Chosen
from bot.cli.boxes import inbox, outbox
from bot.cli.calls import calls
from bot.cli.contact import contact
from bot.cli.desk import apply, check
from bot.cli.facts import clients, people, tail, tickets
from bot.cli.golden import golden
from bot.cli.let_in import let_in
from bot.cli.load import load
from bot.cli.manifest import manifest
from bot.cli.operate import board_link, db, link, unlink
from bot.cli.place import place
from bot.cli.printed import FAILED, USAGE, CommandError, warn
from bot.cli.promises import due, why
from bot.cli.reapply import reapply
from bot.cli.simulate import simulate
from bot.cli.start import demo, run
from bot.cli.ticket import ticket
from bot.cli.triage import triage
from bot.cli.who import look_ahead, who
from bot.settings import ENV_FILE, SettingsError
from bot.store.errors import DatabaseError, StoreError

app = typer.Typer(
    name="maitred",
    help="The front of house for premium support.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def settings(
    ctx: typer.Context,
    *,
    env_file: Annotated[Path, typer.Option(help="Where settings are read from, below the environment.")] = ENV_FILE,
    is_demo: Annotated[bool, typer.Option("--demo", help="Work on the desk of `maitred demo`.")] = False,
) -> None:
    """The front of house for premium support."""
    ctx.obj = Chosen(env_file, is_demo)


app.command()(run)
app.command()(demo)
app.command()(check)
app.command()(apply)
app.command()(reapply)
app.command()(golden)
app.command()(simulate)
app.command()(triage)
app.command()(tail)
app.command()(tickets)
app.add_typer(ticket, name="ticket")
app.command()(why)
app.command()(due)
app.command()(clients)
app.command()(people)
app.command()(who)
app.command("radar")(look_ahead)
app.command()(load)
app.add_typer(absence, name="absence")
app.add_typer(calls, name="calls")
app.add_typer(contact, name="contact")
app.add_typer(inbox, name="inbox")
app.add_typer(outbox, name="outbox")
app.add_typer(place, name="place")
app.command()(link)
app.command()(unlink)
app.command("let-in")(let_in)
app.command("board-link")(board_link)
app.command()(manifest)
app.add_typer(db, name="db")


def main() -> None:
    """Run one command and end the process with its code."""
    try:
        app()
    except CommandError as error:
        warn(f"maitred: {error}")
        sys.exit(error.code)
    except SettingsError as error:
        for mistake in error.mistakes:
            warn(str(mistake))
        sys.exit(USAGE)
    except DatabaseError as error:
        warn(f"maitred: {error}")
        sys.exit(USAGE)
    except StoreError as error:
        warn(f"maitred: {error}")
        sys.exit(FAILED)
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        sys.exit(FAILED)
