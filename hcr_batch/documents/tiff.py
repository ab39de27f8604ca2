"""Of a TIFF: its chain of frames, which Pillow takes to end where it breaks off, and packings."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, TiffImageFile

__all__ = ["count_frames", "is_tiff", "unknown_packing"]

BIG = 43
"""Version of a TIFF with 64-bit offsets."""
MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of a TIFF and of a BigTIFF, in either order of bytes."""
COMPRESSION = 259
COMMON_PACKINGS = frozenset(
    {"raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits"}
    | {"tiff_jpeg", "tiff_deflate", "tiff_raw_16"}
)
"""Ways to pack the pixels of a TIFF that every library knows, by Pillow's names for them."""


def is_tiff(file: BinaryIO) -> bool:
    """Whether a file begins as a TIFF does."""
    file.seek(0)
    return file.read(len(MARKS[0])) in MARKS


def unknown_packing(image: TiffImageFile) -> str | None:
    """In which way a frame is packed, where that is none which can be read here."""
    number = image.tag_v2.get(COMPRESSION, 1)
    packing = COMPRESSION_INFO.get(number)
    if packing in COMMON_PACKINGS or (packing and _is_known(packing)):
        return None
    return packing or f"method {number}"


def _is_known(packing: str) -> bool:
    """Whether libtiff was built with it: it then packs too."""
    try:
        Image.new("RGB", (8, 8)).save(io.BytesIO(), "TIFF", compression=packing)
    except (OSError, RuntimeError, ValueError, KeyError):
        return False
    return True


def count_frames(file: BinaryIO) -> int:
    """Follow the frames of a TIFF from directory to directory to the last; how many there are.

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
    return len(visited)


def _number_at(file: BinaryIO, place: int, number_format: str) -> int:
    content = _bytes_at(file, place, struct.calcsize(number_format))
    return struct.unpack(number_format, content)[0]


def _bytes_at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    content = file.read(count)
    if len(content) < count:
        raise EOFError("its list of pages breaks off")
    return content
