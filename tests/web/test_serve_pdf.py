import dataclasses
import time

import pytest
from hostile_files import SEEDS, packed_pdf

from hcr_batch.config import load_settings
from hcr_batch.documents import MemoryFile, open_pages
from hcr_batch.errors import DocumentError, TooLargeError
from hcr_batch.web.serve_pdf import isolated_pages

SETTINGS = load_settings().documents


def test_pages_are_those_that_a_scan_has():
    file = MemoryFile("a.pdf", SEEDS["scanned.pdf"])
    pages = list(isolated_pages(file, SETTINGS, 60))
    assert len(pages) == 3
    for page, same in zip(pages, open_pages(file, SETTINGS), strict=True):
        assert page.number == same.number
        assert page.gray.tobytes() == same.gray.tobytes()


def test_what_unpacks_to_gigabytes_costs_its_process_alone():
    bomb = packed_pdf(b" ", 2000)
    assert len(bomb) < 20_000
    with pytest.raises(DocumentError, match=r"bomb\.pdf, page 1: .*; send it as a picture"):
        list(isolated_pages(MemoryFile("bomb.pdf", bomb), SETTINGS, 60))


def test_what_never_ends_is_ended():
    slow = packed_pdf(b"0 0 m 595 842 l 10 w S 0 842 m 595 0 l S\n", 60)
    begin = time.monotonic()
    with pytest.raises(DocumentError, match="not done within 1 s"):
        list(isolated_pages(MemoryFile("slow.pdf", slow), SETTINGS, 1))
    assert time.monotonic() - begin < 60


def test_errors_of_the_document_stay_what_they_are():
    small = dataclasses.replace(SETTINGS, max_megapixels=0.001)
    with pytest.raises(TooLargeError, match=r"a\.pdf, page 1: 0\.?\d* megapixels"):
        list(isolated_pages(MemoryFile("a.pdf", SEEDS["scanned.pdf"]), small, 60))
