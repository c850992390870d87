"""A directory to run the bot in, with its mail box, a mail server on either side, and the people who write to it."""

import asyncio
import os
import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.builders import STORY_DESK
from tests.peers.dovecot import Box
from tests.peers.exim import PASSWORD, USER, Exim

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60
#: Our own mail server's word that the sender is who they say.
PROVEN = "mx.desk.test; dmarc=pass header.from="


class Post:
    """The desk's mail box, its people's mails, and a directory to run the bot in."""

    def __init__(self, box: Box, exim: Exim, folder: Path) -> None:
        self.box = box
        self.exim = exim
        self.folder = folder
        name = box.user.partition("@")[0]
        self.lena, self.vera = f"lena.{name}@acme.test", f"vera.{name}@staff.test"
        desk = (
            STORY_DESK.replace('mon-fri = ["10:00-19:00"]', 'mon-sun = ["00:00-24:00"]')
            .replace('mon-fri = ["09:00-21:00"]', 'mon-sun = ["00:00-24:00"]')
            .replace('{ slack = "T1/U1", telegram = 2001 }', f'{{ email = "{self.vera}" }}')
            .replace('"lena@acme.test"', f'"{self.lena}"')
        )
        (folder / "desk").mkdir()
        (folder / "desk" / "desk.toml").write_text(desk)
        self.environment = {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "MAITRED_HTTP": "127.0.0.1:0",
            "MAITRED_LOG": "json",
            "IMAP_HOST": "localhost",
            "IMAP_PORT": str(box.server.imaps),
            "IMAP_USER": box.user,
            "IMAP_PASSWORD": box.password,
            "IMAP_CA_FILE": str(box.server.certificate.chain),
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(exim.port),
            "SMTP_USER": USER,
            "SMTP_PASSWORD": PASSWORD,
            "SMTP_CA_FILE": str(exim.certificate.chain),
            "MAIL_ADDRESS": box.user,
            "MAIL_AUTHSERV_ID": "mx.desk.test",
            "MAIL_NAME": "Story Desk",
            "MAIL_PER_MINUTE": "600",
        }

    def mail(self, sender: str, text: str, *, to: str = "", answers: str = "", subject: str = "Wages") -> EmailMessage:
        mail = EmailMessage()
        mail["Authentication-Results"] = PROVEN + sender.partition("@")[2]
        mail["From"] = sender
        mail["To"] = to or self.box.user
        mail["Subject"] = subject
        mail["Date"] = "Mon, 02 Mar 2026 08:00:00 +0000"
        mail["Message-ID"] = f"<{abs(hash(text))}.{sender}>"
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content(text)
        return mail

    async def posts(self, mail: EmailMessage) -> None:
        """Send a mail through the world's mail servers to ours."""

        def post() -> None:
            with smtplib.SMTP("127.0.0.1", self.exim.port) as client:
                client.send_message(mail)

        await asyncio.to_thread(post)

    async def came(self, address: str, words: str, *, count: int = 1) -> EmailMessage:
        """The latest mail to somebody that holds these words, once there are so many."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                mails = [message_from_bytes(one, policy=default) for one in self.exim.outside(address)]
                found = [one for one in mails if words in _text(one)]
                if len(found) >= count:
                    return found[-1]
                await asyncio.sleep(0.05)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{body.get_content() if body is not None else ''}"
