"""Discover input files and turn each into pages.

Pillow, pypdfium2 and numpy are imported by the reader that needs them.
"""

from hcr_batch.documents.limited import LimitedReader
from hcr_batch.documents.memory import MemoryFile
from hcr_batch.documents.opening import open_regular
from hcr_batch.documents.reader import count_pages, is_pdf, open_pages, read_picture
from hcr_batch.documents.sources import (
    EXTENSIONS,
    Source,
    Survey,
    discover,
    kinds_of,
    nothing_found,
    survey,
    text_of_name,
)

__all__ = [
    "EXTENSIONS",
    "LimitedReader",
    "MemoryFile",
    "Source",
    "Survey",
    "count_pages",
    "discover",
    "is_pdf",
    "kinds_of",
    "nothing_found",
    "open_pages",
    "open_regular",
    "read_picture",
    "survey",
    "text_of_name",
]
