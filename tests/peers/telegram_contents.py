"""What a message is made of besides its text: files of every kind, and the message that opens a topic."""

from tests.peers.telegram_markup import Payload
from tests.peers.telegram_world import Place, World

_FOLDERS = {"photo": "photos", "document": "documents", "video": "videos", "voice": "voice", "audio": "music"}
_ENDINGS = {"photo": ".jpg", "voice": ".oga", "video": ".mp4", "video_note": ".mp4", "animation": ".mp4"}


def open_topic(world: World, place: Place, name: str, *, by: int) -> int:
    """A new topic of a forum; its thread is the number of the message that says so."""
    content = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    message = world.write(place, by, content)
    thread = int(message["message_id"])
    message |= {"message_thread_id": thread, "is_topic_message": True}
    place.topics[thread] = name
    return thread


def file_content(world: World, kind: str, content: bytes, *, name: str = "", mime: str = "") -> Payload:
    """What a message says of a file of this kind."""
    stored = world.keep(content, folder=_FOLDERS.get(kind, "documents"), name=name, ending=_ENDINGS.get(kind, ""))
    if kind == "photo":
        small = {**stored, "file_size": max(len(content) // 10, 1), "width": 90, "height": 60}
        small |= {
            name: value
            for name, value in world.keep(content[:64] or b" ", folder="thumbs").items()
            if name != "file_size"
        }
        return {"photo": [small, {**stored, "width": 1280, "height": 853}]}
    if kind == "document":
        return {"document": {**stored, "file_name": name or "file", "mime_type": mime or "application/octet-stream"}}
    if kind == "voice":
        return {"voice": {**stored, "duration": 7, "mime_type": mime or "audio/ogg"}}
    if kind == "video_note":
        return {"video_note": {**stored, "length": 240, "duration": 7}}
    if kind == "audio":
        return {"audio": {**stored, "duration": 7, "file_name": name or "song.mp3", "mime_type": mime or "audio/mpeg"}}
    described = {**stored, "width": 640, "height": 360, "duration": 7, "mime_type": mime or "video/mp4"}
    if kind == "animation":
        return {
            "animation": described,
            "document": {**stored, "file_name": name or "funny.mp4", "mime_type": "video/mp4"},
        }
    return {"video": described | ({"file_name": name} if name else {})}
