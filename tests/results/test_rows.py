"""Alternatives as they stand in a row."""

import pytest

from hcr_batch.results.rows import alternatives_of, alternatives_text


def test_alternatives_are_read_as_they_are_written():
    text = alternatives_text((("8", 0.03124), ("B", 0.0107)))
    assert text == "8:0.0312 B:0.0107"
    assert alternatives_of(text) == (("8", 0.0312), ("B", 0.0107))
    assert alternatives_of(alternatives_text(())) == ()


def test_what_was_never_written_so_is_refused():
    with pytest.raises(ValueError, match="could not convert"):
        alternatives_of("8:much")
