"""Characters are weighted field by field, whatever other fields stand beside theirs."""

import numpy as np

from hcr_batch.alphabet import CHARSETS
from hcr_batch.decoding.weighting import weighted, weighted_fields
from hcr_batch.forms.rules import Rule

NAMES = ("alnum", "digits", "alnum", "upper", "digits", "alnum")


def test_fields_of_several_charsets_are_weighed_as_each_alone():
    rng = np.random.default_rng(5)
    rows = [rng.dirichlet(np.full(62, 0.05), count) for count in (4, 3, 1, 6, 2, 0)]
    rows = [(0.95 * row).astype(np.float32) for row in rows]
    blanks = [rng.random(len(row)) < 0.3 for row in rows]
    rules = [Rule(CHARSETS[name], case="as_written") for name in NAMES]
    together = weighted_fields(rows, rules, blanks)
    for row, rule, blank, found in zip(rows, rules, blanks, together, strict=True):
        np.testing.assert_allclose(found, weighted(row, rule, blank), rtol=1e-5, atol=1e-7)


def test_a_field_of_digits_holds_no_letters():
    rows = np.full((3, 62), 1 / 62, np.float32)
    (found,) = weighted_fields([rows], [Rule(CHARSETS["digits"])], [np.zeros(3, bool)])
    assert not found[:, 10:].any()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
