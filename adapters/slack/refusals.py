"""What Slack answers when it does not do what it was asked, and what that means for a send.

The sentences are read by whoever is told that something did not arrive, so each says what is wrong and where to look.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError

#: Where Slack names no pause beside a refusal for haste.
PATIENCE: Final = timedelta(seconds=30)

_TEMPORARY: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "service_unavailable",
        "request_timeout",
        "accesslimited",
        "team_added_to_org",
        "org_level_email_display_disabled",
    }
)
#: Slack's own words: "some aspect of the operation may have succeeded before the error was raised".
_UNCERTAIN: Final = frozenset({"fatal_error", "internal_error"})

_GONE: Final = "the app's token is no longer valid: install the app again and set SLACK_BOT_TOKEN"
_SENTENCES: Final[Mapping[str, str]] = {
    "account_inactive": _GONE,
    "invalid_auth": _GONE,
    "not_authed": _GONE,
    "token_expired": _GONE,
    "token_revoked": _GONE,
    "no_permission": "the app may not do this in this workspace: ask its admins",
    "missing_scope": "the app lacks a permission: install it again from the manifest of this version",
    "ekm_access_denied": "the workspace's admins have suspended access to its messages",
    "is_archived": "the channel is archived in Slack",
    "not_in_channel": "the app is not a member of the channel: invite it there",
    "channel_not_found": "there is no such channel, or the app is not a member of it: invite it there",
    "user_not_found": "there is no such person in Slack",
    "users_not_found": "there is no such person in Slack",
    "user_not_visible": "the app may not see this person in Slack",
    "user_disabled": "this person's account in Slack is closed",
    "user_not_in_channel": "this person is not in the channel",
    "cannot_dm_bot": "this is an app, which takes no direct messages",
    "messages_tab_disabled": "the app's messages tab is off: switch it on in the app's settings",
    "restricted_action": "the workspace does not let apps write here",
    "restricted_action_read_only_channel": "only chosen people may write in this channel",
    "restricted_action_thread_only_channel": "this channel takes answers in threads only",
    "restricted_action_thread_locked": "this thread is locked",
    "restricted_action_non_threadable_channel": "this channel takes no threads",
    "message_not_found": "the message is no longer there",
    "cant_update_message": "this message is not the app's own to change",
    "edit_window_closed": "the workspace does not let messages be changed any more",
    "thread_not_found": "the thread is no longer there",
    "msg_too_long": "the text is too long for Slack",
    "no_text": "there is no text to send",
    "invalid_blocks": "Slack cannot show this card; the log names it",
    "msg_blocks_too_long": "the card is too long for Slack",
    "file_uploads_disabled": "the workspace takes no files",
    "file_not_found": "the file is no longer there",
    "too_many_reactions": "the message bears no further sign",
    "invalid_name": "this sign does not exist in the workspace",
    "expired_trigger_id": "the moment to open the form has passed",
    "exchanged_trigger_id": "the form was opened already",
    "view_too_large": "the form is too large for Slack",
    "hash_conflict": "the page has changed meanwhile",
    "not_enabled": "the app's home tab is off: switch it on in the app's settings",
}
_BAD_GATEWAY: Final = 500
_UNAVAILABLE: Final = 503
_HASTE: Final = 429


class RefusedError(PermanentError):
    """A refusal for good, with Slack's own word for it in `code`."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code

    @property
    def is_about_us(self) -> bool:
        """Whether the next call would fare no better, whatever it asks."""
        return _SENTENCES.get(self.code) == _GONE


def error_from_answer(status: int, code: str, retry_after: str | None) -> DeliveryError:
    """What an answer that is no success means. `retry_after` is the header as it came: whole seconds."""
    if status == _HASTE or code in {"ratelimited", "rate_limited"}:
        return TemporaryError("Slack asks for patience", retry_after=_pause(retry_after))
    if status == _UNAVAILABLE or code in _TEMPORARY:
        return TemporaryError("Slack is not available now")
    if code in _UNCERTAIN or status >= _BAD_GATEWAY:
        return UncertainError("Slack failed while it was at it")
    if not code:
        return UncertainError("Slack gave an answer that cannot be read")
    return RefusedError(_SENTENCES.get(code, f"Slack refused it: {code[:60]}"), code)


def _pause(retry_after: str | None) -> timedelta:
    if retry_after is not None and retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6:  # noqa: PLR2004 - a day has five digits of seconds
        return timedelta(seconds=max(int(retry_after), 1))
    return PATIENCE
