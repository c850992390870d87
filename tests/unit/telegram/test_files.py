"""What an update tells of files, as far as it can be believed."""

from adapters.telegram.files import attachments_from_files, files_of


def test_what_a_senders_own_program_says_of_a_file_is_cleaned() -> None:
    said = {"file_id": "f1", "file_name": "a\x00.pdf", "mime_type": "application/\x00pdf\ud800", "file_size": 5}
    (file,) = attachments_from_files(files_of({"document": said}), {})
    assert (file.name, file.type) == ("a.pdf", "application/pdf\N{REPLACEMENT CHARACTER}")


def test_a_file_of_no_type_is_of_one_that_says_nothing() -> None:
    (file,) = attachments_from_files(files_of({"document": {"file_id": "f1", "mime_type": "\x00"}}), {})
    assert file.type == "application/octet-stream"
