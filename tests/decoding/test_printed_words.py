import pytest

from hcr_batch.decoding.printed_words import mended


@pytest.mark.parametrize(
    ("read", "word"),
    [
        ("0f", "of"),
        ("n0", "no"),
        ("1n", "in"),
        ("Soc1al", "Social"),
        ("m0bile", "mobile"),
        ("H1B", "H1B"),
        ("1A", "1A"),
        ("1040", "1040"),
        ("W2", "W2"),
    ],
)
def test_letters_read_as_digits_are_letters_again(read, word):
    assert mended(read) == word
