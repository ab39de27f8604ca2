"""Quantiles agree with NumPy's."""

import numpy as np
import pytest

from hcr_batch.arrays.quantiles import (
    median,
    quantile,
    quantile_of_counts,
    quantile_of_few,
    quantiles,
)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_a_quantile_is_that_of_numpy(count, share):
    values = np.random.default_rng(count).integers(0, 256, count).astype(np.uint8)
    wanted = pytest.approx(float(np.quantile(values, share)))
    assert quantile(values[None], share) == wanted
    assert quantiles(values[None], (share, 0.5)) == [wanted, quantile(values[None], 0.5)]
    assert quantile_of_few(values, share) == wanted
    assert quantile_of_few(values.tolist(), share) == wanted


def test_counts_stand_for_the_values():
    values = np.array([[10, 20, 20, 250]], np.uint8)
    counts = np.bincount(values.ravel(), minlength=256)
    assert quantile_of_counts(counts, 0.4) == quantile(values, 0.4) == 20
    assert np.isnan(quantile_of_counts(0 * counts, 0.5))


@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (8, 3), (5, 2)])
def test_a_median_is_that_of_numpy(shape):
    values = np.random.default_rng(len(shape)).random(shape)
    assert np.array_equal(median(values), np.median(values, axis=0))
