"""A ladder tells somebody whom nobody is: the admins hear of it as the desk is taken up, and not first at a breach."""

from tests.builders import document, story_desk
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TO_THE_HEAD = 'steps = [{ after = "0m", tell = "lead" }, { after = "30m", tell = "head" }]'
STEPS = ('steps = [{ after = "0m", tell = "lead" }]', TO_THE_HEAD)
HEAD = ('roles = ["executive"]', 'roles = ["executive", "head"]')


async def test_admins_hear_once_of_steps_that_tell_nobody(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(STEPS))
    await desk.settle()
    alert = desk.expect_alert("dana", containing="1 step of a ladder in the desk directory tells nobody:")
    assert "ladder lead, step 2: head" in alert
    await desk.dies()
    await desk.desk.refresh()
    await desk.settle()
    desk.expect_quiet()
    await desk.apply(document(story_desk(STEPS, HEAD)))
    await desk.settle()
    desk.expect_quiet()


async def test_they_hear_again_of_a_revision_that_still_has_such_steps(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.settle()
    desk.expect_quiet()
    await desk.apply(document(story_desk(STEPS)))
    await desk.settle()
    desk.expect_alert("dana", containing="tells nobody")
    desk.expect_quiet()
