"""Readers of what others have written refuse in one line what they cannot read."""

import pytest
from fuzz_targets import CORPUS, TARGETS
from hypothesis import HealthCheck, given, settings

EXAMPLES = {"journal": 10, "pattern": 6, "config": 80, "card": 40, "document": 150, "review": 30}
"""Inputs by target; 80 for the others."""


@pytest.mark.parametrize("name", TARGETS)
def test_random_input_is_read_or_refused(name, tmp_path):
    target = TARGETS[name](tmp_path)
    outcomes = [target.read(path.read_bytes()) for path in sorted((CORPUS / name).glob("*"))]

    @settings(
        max_examples=EXAMPLES.get(name, 80),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def attempt(content: bytes) -> None:
        outcomes.append(target.read(content))

    attempt()
    # Inputs that are all refused, or none, would try nothing.
    assert {True, False} == set(outcomes)
