import pytest

from hcr_batch.evaluation.sampling import ReviewedCharacter, silent_error, threshold_for


# From the F distribution (Clopper and Pearson, 1934); R's binom.test prints the same.
@pytest.mark.parametrize(
    ("wrong", "count", "low", "high"),
    [
        (0, 100, 0.0, 0.036217),
        (1, 100, 0.000253, 0.054459),
        (10, 100, 0.049005, 0.176223),
        (3, 3, 0.292402, 1.0),
    ],
)
def test_the_interval_is_clopper_and_pearsons(wrong, count, low, high):
    error = silent_error(wrong, count)
    assert error.rate == wrong / count
    assert (error.low, error.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_sampled_says_nothing():
    assert (silent_error(0, 0).low, silent_error(0, 0).high) == (0.0, 1.0)


def test_the_threshold_is_the_lowest_that_keeps_to_the_target():
    right = [ReviewedCharacter(0.9 + 0.001 * number, True) for number in range(99)]
    assert threshold_for([*right, ReviewedCharacter(0.5, False)], 0.01) == 0.5
    assert threshold_for([*right, ReviewedCharacter(0.5, False)], 0.005) == 0.9
    assert threshold_for([ReviewedCharacter(0.99, False), *right[:5]], 0.01) is None


def test_sampled_characters_weigh_as_much_as_those_they_stand_for():
    characters = [ReviewedCharacter(0.99, True, 50.0)] * 2 + [ReviewedCharacter(0.6, False)]
    assert threshold_for(characters, 0.01) == 0.6
    assert threshold_for(characters, 0.005) == 0.99


def test_equal_confidences_stand_or_fall_together():
    characters = [ReviewedCharacter(0.9, True), ReviewedCharacter(0.9, False)]
    assert threshold_for(characters, 0.1) is None
