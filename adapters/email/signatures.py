"""What stands below the words of a mail and is on all mails of its author: a signature, or what a telephone adds.

A telephone's line is known by how it begins and by what it names; "Sent from the bank, not arrived" is what was said.
"""

from typing import Final

_LONGEST: Final = 25
_LONGEST_LINE: Final = 100
_BEGINNINGS: Final = (
    *("sent from ", "sent with ", "sent via ", "get outlook for", "get bluemail for"),
    *("von meinem ", "von meinem/", "gesendet von ", "gesendet mit ", "holen sie sich outlook", "outlook für "),
    *("enviado desde ", "enviado do ", "enviado a partir ", "obtener outlook ", "obter o outlook "),
    *("надіслано з ", "надіслано із ", "відправлено з ", "отримати outlook "),
    *("отправлено с ", "отправлено из ", "скачать outlook "),
    *("envoyé de mon ", "envoyé depuis ", "envoyé à partir ", "inviato da", "scarica outlook ", "télécharger outlook "),
    *("wysłane z ", "wysłano z ", "pobierz outlook", "verstuurd vanaf ", "verzonden vanaf ", "skickat från "),
)
_DEVICES: Final = (
    *("iphone", "ipad", "android", "samsung", "galaxy", "huawei", "xiaomi", "pixel", "oneplus", "blackberry"),
    *("windows", "outlook", "yahoo", "gmail", "gmx", "web.de", "proton", "bluemail", "mail.ru", "ukr.net", "i.ua"),
    *("mail for", "mobile", "phone", "handy", "mobilgerät", "tablet", "móvil", "movil", "dispositivo", "telemóvel"),
    *("smartphone", "téléphone", "telefon", "telefoon", "телефон", "смартфон", "мобіл", "мобил", "appareil"),
    *("spark", "airmail", "superhuman", "thunderbird", "почт", "пошт", "poczt"),
)


def without_signature(lines: list[str], end: int) -> int:
    """Step back over a signature at the end of what was said."""
    while end and not lines[end - 1].strip():
        end -= 1
    if end and _is_added(lines[end - 1]):
        return end - 1
    for number in range(end - 1, max(end - _LONGEST, 0) - 1, -1):
        # The mark is two dashes and a space (RFC 3676 4.3). Without the space people draw a line between what they say.
        if lines[number] == "-- ":
            return number
    return end


def _is_added(line: str) -> bool:
    words = line[: _LONGEST_LINE + 1].strip().lower()
    return len(words) <= _LONGEST_LINE and words.startswith(_BEGINNINGS) and any(one in words for one in _DEVICES)
