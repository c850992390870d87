"""A forum of our own people: one topic for each client, made when it is first needed."""

from dataclasses import dataclass, replace

import pytest

from adapters.card import Card, OutboundCard
from adapters.errors import TemporaryError
from adapters.message import Topic, Untrusted
from tests.contract.telegram.desk import Desk
from tests.peers.telegram_adapter import wall
from tests.peers.telegram_people import Group
from tests.peers.telegram_server import Fault

ACME, BETA = Topic("client:acme", "Acme"), Topic("client:beta", "Beta")


@dataclass
class Forum:
    """The group of our people, with topics; the bot may make them."""

    desk: Desk
    group: Group

    def card(self, topic: Topic, title: str = "T-12", **more: object) -> OutboundCard:
        card = Card(title, quote=Untrusted("it stops"))
        return OutboundCard(f"card-{title}", self.desk.at(self.group), card, wall(), topic=topic, **more)  # type: ignore[arg-type]

    @property
    def threads(self) -> dict[str, int]:
        return {name: thread for thread, name in self.desk.telegram.topics(self.group).items()}

    def titles(self, name: str) -> list[str]:
        return [one.text.partition("\n")[0] for one in self.desk.shown(self.group, self.threads[name])]


@pytest.fixture
def forum(desk: Desk) -> Forum:
    group = desk.telegram.group("Desk", desk.vera, is_forum=True)
    group.promotes(can_manage_topics=True)
    return Forum(desk, group)


async def test_each_client_has_a_topic_that_is_made_once(forum: Forum) -> None:
    for topic, title in ((ACME, "T-12"), (BETA, "T-13"), (ACME, "T-14")):
        await forum.desk.adapter.send(forum.card(topic, title))
    await forum.desk.restarts()
    await forum.desk.adapter.send(forum.card(ACME, "T-15"))
    assert forum.titles("Acme") == ["T-12", "T-14", "T-15"]
    assert forum.titles("Beta") == ["T-13"]
    assert len(forum.desk.telegram.asked("createForumTopic")) == 2


async def test_words_go_into_the_topic_they_are_about(forum: Forum) -> None:
    card = await forum.desk.adapter.send(forum.card(ACME))
    words = forum.desk.words("It is yours.", forum.group, topic=ACME, reply_to=card.external_id)
    await forum.desk.adapter.send(words)
    assert forum.titles("Acme") == ["T-12", "It is yours."]


async def test_a_client_with_another_name_has_it_on_the_topic(forum: Forum) -> None:
    await forum.desk.adapter.send(forum.card(ACME))
    for _ in range(2):
        await forum.desk.adapter.send(forum.card(replace(ACME, name="Acme\nWorldwide"), "T-13"))
    assert list(forum.threads) == ["Acme Worldwide"]
    assert len(forum.desk.telegram.asked("editForumTopic")) == 1


async def test_a_topic_that_was_deleted_is_made_anew(forum: Forum) -> None:
    await forum.desk.adapter.send(forum.card(ACME))
    forum.group.deletes_topic(forum.threads["Acme"])
    await forum.desk.adapter.send(forum.card(ACME, "T-13"))
    assert forum.titles("Acme") == ["T-13"]
    await forum.desk.adapter.send(forum.card(ACME, "T-14"))
    assert forum.titles("Acme") == ["T-13", "T-14"]


async def test_what_a_closed_topic_takes_from_nobody_is_said_beside_it(forum: Forum) -> None:
    """Somebody closes a topic in which the bot has lost its right: cards are worth more there than nowhere."""
    card = await forum.desk.adapter.send(forum.card(ACME))
    acme = forum.threads["Acme"]
    forum.group.demotes()
    forum.group.closes_topic(acme, by=forum.desk.vera)
    for title, under in (("T-13", None), ("T-14", card.external_id)):
        await forum.desk.adapter.send(forum.card(ACME, title, reply_to=under))
    everywhere = [one.text.partition("\n")[0] for one in forum.desk.shown(forum.group)]
    assert [one for one in everywhere if one.startswith("T-")] == ["T-12", "T-13", "T-14"]
    assert forum.titles("Acme")[0] == "T-12"
    assert "T-13" not in forum.titles("Acme")
    forum.group.promotes(can_manage_topics=True)
    await forum.desk.adapter.send(forum.card(ACME, "T-15"))
    assert forum.titles("Acme")[-1] == "T-15"


@pytest.mark.parametrize("is_forum", [pytest.param(False, id="no topics"), pytest.param(True, id="no right to make")])
async def test_a_group_without_topics_for_us_takes_everything_in_one_place(
    desk: Desk,
    is_forum: bool,  # noqa: FBT001 - a case
) -> None:
    group = desk.telegram.group("Desk", desk.vera, is_forum=is_forum)
    plain = Forum(desk, group)
    for topic, title in ((ACME, "T-12"), (BETA, "T-13")):
        await desk.adapter.send(plain.card(topic, title))
    assert [one.text.partition("\n")[0] for one in desk.shown(group)] == ["T-12", "T-13"]
    assert len(desk.telegram.asked("createForumTopic")) == 1


@pytest.mark.parametrize("fault", [Fault(cut="before"), Fault(cut="after"), Fault(retry_after=3)])
async def test_a_topic_in_doubt_leaves_no_doubt_about_the_card(forum: Forum, fault: Fault) -> None:
    forum.desk.telegram.fail("createForumTopic", fault)
    with pytest.raises(TemporaryError):
        await forum.desk.adapter.send(forum.card(ACME))
    assert forum.desk.telegram.asked("sendMessage") == []


async def test_in_a_private_chat_a_topic_means_nothing(desk: Desk) -> None:
    card = OutboundCard("card-1", desk.at(desk.vera), Card("T-12"), wall(), topic=ACME)
    await desk.adapter.send(card)
    assert desk.texts(desk.vera) == ["T-12"]
