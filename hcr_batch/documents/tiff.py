"""The chain of frames of a TIFF, which Pillow takes to end where the file was cut short."""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["check_chain"]

BIG = 43
"""Version of a TIFF with 64-bit offsets."""


def check_chain(file: BinaryIO) -> None:
    """Follow the frames of a TIFF from directory to directory to the last.

    Source: TIFF revision 6.0, section 2; BigTIFF has wider numbers.

    Raises
    ------
    EOFError
        A directory, or the place of the next one, lies beyond the end.
    """
    order = "<" if _bytes_at(file, 0, 2) == b"II" else ">"
    is_big = BIG in _bytes_at(file, 2, 2)
    count_format, link_format, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    place = _number_at(file, 8 if is_big else 4, order + link_format)
    visited: set[int] = set()
    while place and place not in visited:
        visited.add(place)
        count = _number_at(file, place, order + count_format)
        place = _number_at(
            file, place + struct.calcsize(order + count_format) + count * entry, order + link_format
        )


def _number_at(file: BinaryIO, place: int, number_format: str) -> int:
    content = _bytes_at(file, place, struct.calcsize(number_format))
    return struct.unpack(number_format, content)[0]


def _bytes_at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    content = file.read(count)
    if len(content) < count:
        raise EOFError("its list of pages breaks off")
    return content
