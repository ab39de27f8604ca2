"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def hcr_data() -> Path:
    """Folder of real handwriting and forms that is not part of the project."""
    folder = os.environ.get("HCR_DATA")
    if not folder:
        pytest.skip("HCR_DATA is not set: no folder with real forms and characters")
    return Path(folder)
