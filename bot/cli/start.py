"""Starting the desk: the real one, and the one of the demo."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import chosen
from bot.cli.printed import USAGE, CommandError, say, warn
from bot.settings import demo_settings, with_secret_key

if TYPE_CHECKING:  # see beside.py
    from bot.app.demo.client_page import Addresses


def run(
    ctx: typer.Context,
    *,
    no_apply: Annotated[bool, typer.Option("--no-apply", help="Keep the desk that is in force.")] = False,
) -> None:
    """The bot: applies the desk directory and serves until SIGTERM; SIGHUP applies it again."""
    from bot.app.serve import serve
    from bot.cli.desk import judged

    found = judged(chosen(ctx))
    if found.settings is None or (found.document is None and not no_apply):
        for mistake in found.mistakes:  # those of both, before anything is made
            warn(str(mistake))
        raise typer.Exit(USAGE)
    desk = None if no_apply else found.desk
    raise typer.Exit(asyncio.run(serve(with_secret_key(found.settings), desk=desk)))


def demo(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the pages are; 0 picks a free port.")] = 8080,
    speed: Annotated[float, typer.Option(min=0.1, max=100_000, help="60 makes an hour a minute.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what happened in the demo before.")] = False,
) -> None:
    """The whole product on invented clients: no credentials, no settings, its own database."""
    from bot import log
    from bot.app.demo.play import demo as show
    from bot.app.demo.play import forget
    from bot.app.ports import PortInUseError, free_port

    try:
        port = free_port("127.0.0.1", port)
    except PortInUseError as error:
        raise CommandError(str(error), USAGE) from error
    settings = demo_settings(port=port, speed=speed)
    if fresh:
        forget(settings)
    # The addresses are what matters on this screen; what the desk does is to be seen on the pages.
    level = "INFO" if settings.log == "json" else "WARNING"  # programs wait for the event `ready`
    log.configure(settings.log, secrets=settings.secrets(), level=level)
    raise typer.Exit(asyncio.run(show(settings, speed=speed, tell=_tell)))


def _tell(found: "Addresses") -> None:
    say()
    places = [("A client's page", found.page)]
    places += [(f"The {door.role}'s board, {door.name}", door.url) for door in found.doors]
    places += [("The clients' other channels", found.channels)]
    width = max(len(name) for name, _ in places)
    for name, url in places:
        say(f"  {name:<{width}}  {url}")
    say()
    pace = "" if found.speed == 1 else f", {found.speed:g} times as fast as yours"
    say(f"  It is {found.time} at the desk{pace}. Ctrl-C stops it; it goes on from here next time (--fresh: anew).")
    say()
