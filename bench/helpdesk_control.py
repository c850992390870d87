"""The control of P1: django-helpdesk takes the same mails from the same folder, SQLite with a write-ahead log.

Run by the Python of a throw-away environment that `bench.mail` makes; it imports nothing of ours. Arguments: where the
database goes, the folder of mails (it is emptied), how many there are. Says on its last line how many seconds it took.
"""

import logging
import sys
import time
from pathlib import Path
from types import ModuleType

import django
from django.conf import settings
from django.core.management import call_command
from django.db.backends.signals import connection_created
from django.urls import include, path


def main() -> None:
    """Configure, migrate, and time the intake alone."""
    database, folder, wanted = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    settings.configure(
        SECRET_KEY="bench",  # noqa: S106 - nothing is signed
        DEBUG=False,
        USE_TZ=True,
        SITE_ID=1,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        MEDIA_ROOT=str(database.parent / "media"),
        ROOT_URLCONF="bench_urls",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.messages",
            "django.contrib.admin",
            "rest_framework",
            "helpdesk",
        ],
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_ENABLE_ATTACHMENTS=False,
    )
    connection_created.connect(_with_log)
    django.setup()
    call_command("migrate", verbosity=0)
    logging.disable(logging.CRITICAL)

    # Its texts hold links, and it looks its own addresses up under a name that a site has to give it.
    urls = ModuleType("bench_urls")
    urls.urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]  # type: ignore[attr-defined]
    sys.modules["bench_urls"] = urls

    from helpdesk.email import process_queue  # noqa: PLC0415 - Django has to be set up first
    from helpdesk.models import Queue, Ticket  # noqa: PLC0415 - the same

    queue = Queue.objects.create(
        title="Support",
        slug="support",
        allow_email_submission=True,
        email_box_type="local",
        email_box_local_dir=folder,
    )
    begun = time.perf_counter()
    process_queue(queue, logging.getLogger("bench"))
    seconds = time.perf_counter() - begun
    assert Ticket.objects.count() == wanted, f"{Ticket.objects.count()} tickets of {wanted} mails"
    print(seconds)


def _with_log(sender: object, connection: object, **_: object) -> None:  # noqa: ARG001 - as Django calls it
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode = WAL")


if __name__ == "__main__":
    main()
