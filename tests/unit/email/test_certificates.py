"""What mends a certificate that proves nothing, by what OpenSSL says of it."""

import ssl

import pytest

from adapters.email.config import mend_of_certificate


def lost(code: int) -> Exception:
    """An error of ours that came of a certificate, as an adapter raises it."""
    behind = ssl.SSLCertVerificationError(1, "certificate verify failed")
    behind.verify_code = code
    error = ConnectionError("the line broke")
    error.__cause__ = behind
    return error


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        pytest.param(10, "that server needs a new certificate", id="over"),
        pytest.param(9, "that server needs a new certificate", id="not yet begun"),
        pytest.param(62, "mend IMAP_HOST: the certificate names another server", id="of another name"),
        pytest.param(64, "mend IMAP_HOST: the certificate names another server", id="of another number"),
        pytest.param(18, "name the authority that signed it in IMAP_CA_FILE", id="signed by itself"),
        pytest.param(20, "name the authority that signed it in IMAP_CA_FILE", id="signed by a stranger"),
    ],
)
def test_each_trouble_of_a_certificate_has_a_mend(code: int, mend: str) -> None:
    assert mend_of_certificate(lost(code), side="IMAP") == mend


def test_what_is_no_trouble_of_a_certificate_has_none() -> None:
    assert mend_of_certificate(ConnectionError("refused"), side="SMTP") == ""
    assert mend_of_certificate(None, side="SMTP") == ""
