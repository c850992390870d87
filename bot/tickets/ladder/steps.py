"""The steps of the ladders that are climbed: those of a plan, and those for urgent words out of hours."""

from collections.abc import Iterator

from bot.tickets.revision import Revision


def climbed_steps(revision: Revision) -> Iterator[tuple[str, int, str]]:
    """The ladder, the step counted from 1, whom it means to tell."""
    climbed = {*(plan.ladder for plan in revision.plans.values()), *revision.off_hours.values()}
    for name in sorted(climbed & revision.ladders.keys()):
        for place, step in enumerate(revision.ladders[name].steps, 1):
            yield name, place, step.tell
