"""What the demo's invented clients say: who they are, where they write, and their small stories.

Every one of them belongs to the example desk. Lena's and Bill's own chat is left to whoever tries the demo.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.message import Channel

_NOW: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Story:
    """One thing a client writes about: how it begins, and what they answer when they are asked."""

    begins: str
    details: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One invented client in one conversation. `client` names who vouches for them in the chat.

    The first story was written `ago`, before the desk was started, as a channel tells after a restart.
    """

    channel: Channel
    address: str
    sender: str
    name: str
    stories: tuple[Story, ...]
    asks_again: str
    thanks: str
    client: str = ""
    ago: timedelta = _NOW


LENA: Final = Voice(
    Channel.TELEGRAM,
    "1001",
    "1001",
    "Lena",
    (
        Story(
            "Urgent: no postback has reached our tracker since midnight. Three campaigns are blind.",
            "All three are on the Lisbon funnel, the last postback came at 23:52. Nothing was changed on our side.",
        ),
        Story(
            "The totals of the weekly report differ from the daily ones again.",
            "Week 12: the days add up to 4,310 and the week says 4,287.",
        ),
    ),
    "Anything new? We are losing money by the minute.",
    "Thank you!",
    ago=timedelta(minutes=12),
)
TARAS: Final = Voice(
    Channel.TELEGRAM,
    "1002",
    "1002",
    "Taras",
    (
        Story(
            "Добрий день! Не працює вхід для всієї команди: сторінка порожня.",
            "Так у всіх девʼятьох, Chrome і Firefox, з 09:55. Інші сайти відкриваються.",
        ),
        Story(
            "Підкажіть, будь ласка, як поділити витрати між двома рахунками?",
            "Рахунки 118 і 121, від початку місяця.",
        ),
    ),
    "Чи є новини?",
    "Дякую!",
    ago=timedelta(minutes=4),
)
CARMEN: Final = Voice(
    Channel.SLACK,
    "T5/U41",
    "T5/U41",
    "Carmen",
    (
        Story(
            "Hola, la factura de marzo lleva nuestra dirección antigua. ¿La podéis corregir?",
            "La nueva es Calle de Alcalá 40, Madrid. El NIF no cambia.",
        ),
        Story(
            "¿Se puede exportar el informe diario en CSV?",
            "El de conversiones por país, los últimos 90 días.",
        ),
    ),
    "¿Hay alguna novedad?",
    "¡Gracias!",
    ago=timedelta(minutes=25),
)
LENA_IN_SLACK: Final = Voice(
    Channel.SLACK,
    "T1/C123#office-move",  # a matter in a channel has a thread
    "T2/U9",
    "Lena",
    (
        Story(
            "FYI: our office moves on Friday, so the team will be slow to answer that day.",
            "From noon on, Lisbon time.",
        ),
    ),
    "Did you see this?",
    "Great, thanks",
    ago=timedelta(minutes=40),
)
BILL: Final = Voice(
    Channel.EMAIL,
    "bill@initech.test",
    "bill@initech.test",
    "Bill",
    (
        Story(
            "Our webhook gets 403 since the weekend. Did the signature change?\n\nBill",
            "It is the order webhook; the last good call was on Saturday at 18:20 UTC. The log is below.\n\nBill",
        ),
        Story("How do we add a second domain to the same account?\n\nBill", "shop.initech.test, for now.\n\nBill"),
    ),
    "Could anyone have a look at this?\n\nBill",
    "Thanks!",
    ago=timedelta(minutes=55),
)
STRANGER: Final = Voice(
    Channel.EMAIL,
    "office@harbour-school.test",
    "office@harbour-school.test",
    "Amy",
    (
        Story(
            "Good morning, do you have a plan for schools?\n\nAmy, Harbour School",
            "We are forty teachers and would begin in September.",
        ),
    ),
    "Good morning again, did our question arrive?",
    "Thank you very much",
    ago=timedelta(minutes=8),
)
JONAS: Final = Voice(
    Channel.INAPP,
    "user-48",
    "user-48",
    "Jonas",
    (
        Story(
            "Keine Eile: Beim Export fehlen die Umlaute in den Namen.",
            "Im CSV von heute, Spalte Kampagne. Geöffnet mit Excel.",
        ),
        Story("Kann man Kampagnen archivieren, statt sie zu löschen?", "Es geht um die von letztem Jahr, etwa 60."),
    ),
    "Gibt es etwas Neues?",
    "Danke!",
    client="umbrella",
)
TARAS_IN_APP: Final = Voice(
    Channel.INAPP,
    "user-27",
    "user-27",
    "Taras",
    (Story("Потрібна нова функція: темна тема у звітах.", "Передусім для щоденного звіту."),),
    "Чи є відповідь?",
    "Дякую!",
    client="globex",
)

#: In the order they speak up; those that come later are heard in the course of the day.
AT_ONCE: Final = (LENA, TARAS, CARMEN, LENA_IN_SLACK, BILL, STRANGER, JONAS)
LATER: Final = (TARAS_IN_APP,)
