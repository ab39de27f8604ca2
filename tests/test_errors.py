import pickle

import pytest

from hcr_batch.errors import DocumentError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("forms/a b.png", "forms/a b.png"),
        ("Größe/名前.png", "Größe/名前.png"),
        ("a\u00a0b", "a\u00a0b"),
        ("\x1b]0;owned\x07.png", r"\x1b]0;owned\x07.png"),
        ("\x1b[2Jall is well", r"\x1b[2Jall is well"),
        ("two\nlines\r.png", r"two\nlines\r.png"),
        ("gnp.\u202efdp.exe", r"gnp.\u202efdp.exe"),
        ("\u2028", r"\u2028"),
        (b"\xff.png".decode("utf-8", "surrogateescape"), r"\xff.png"),
        ("\ud800", r"\ud800"),
    ],
)
def test_names_cannot_steer_a_terminal(text, shown):
    assert printable(text) == shown
    assert str(DocumentError(f"{text}: damaged")) == f"{shown}: damaged"


def test_errors_travel_between_processes_as_they_are():
    error = DocumentError("a\x1bb: damaged")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(pickle.loads(pickle.dumps(error)), DocumentError)
