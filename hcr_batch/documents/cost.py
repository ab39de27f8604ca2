"""What a picture takes to be decoded, told by its header before any memory or time is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from hcr_batch.errors import PageError, TooLargeError

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from hcr_batch.config import DocumentSettings
    from hcr_batch.documents.memory import MemoryFile

__all__ = ["check_cost", "check_scans"]

BYTES_A_PIXEL = 12
"""Most that decoding may take for each of the pixels that are allowed. Measured on pictures of 16
megapixels, sound ones take 1 (gray) to 8 (colour TIFF in one piece), with more than 8 bits or
transparency up to 21."""
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
"""Bytes of a pixel as Pillow keeps it, by its mode; of all other modes 4."""
GRAY_BYTES = 1
DEEP_BYTES = 13
"""More of a pixel of over 8 bits, whose white has to be found."""
TRANSPARENT_BYTES = 6
"""More of a pixel that is laid on white paper."""
COEFFICIENT_BYTES = 2
"""Of a pixel and component of a JPEG that comes in several scans: all are kept until the last."""
CANVASES = 3
"""A WebP is drawn on as many: its own, the frame before, and the one that is given out."""

MOST_SCANS = 100
"""Of one JPEG file; progressive ones have about 10 of them. Each costs a pass over the picture."""
SCANS_OF_LARGEST = 16
"""So many of the largest picture that is allowed may be passed over; more of smaller ones."""
SCAN_MARK = b"\xff\xda"
BLOCK = 1 << 20

TILE_WIDTH, TILE_LENGTH, ROWS_PER_STRIP = 322, 323, 278
BITS_PER_SAMPLE, SAMPLES_PER_PIXEL = 258, 277
LEAST_TILE_BYTES = 4
"""Of a pixel of a tile or strip: libtiff turns subsampled colour into so many."""


def check_cost(
    image: Image.Image, path: Path | MemoryFile, number: int, settings: DocumentSettings
) -> None:
    """Refuse a picture that takes far more memory than its pixels tell.

    Raises
    ------
    TooLargeError
        It takes more than `BYTES_A_PIXEL` for each of `max_megapixels`.
    """
    most, cost = settings.max_megapixels * 1e6 * BYTES_A_PIXEL, _cost(image)
    if cost > most:
        raise TooLargeError(
            f"{path}, page {number}: takes {cost / 1e9:.1f} GB to decode, more than the"
            f" {most / 1e9:.1f} allowed (large tiles, deep colours or many layers); save it again"
            " as gray, or raise documents.max_megapixels",
            number,
        )


def check_scans(
    file: BinaryIO,
    image: Image.Image,
    path: Path | MemoryFile,
    number: int,
    settings: DocumentSettings,
) -> None:
    """Refuse a JPEG that is decoded over and over again; the file is where it was afterwards.

    Raises
    ------
    PageError
        It has more scans than `MOST_SCANS`, or than its size and `max_megapixels` allow.
    """
    most = SCANS_OF_LARGEST * settings.max_megapixels * 1e6 / (image.width * image.height)
    place, scans, end = file.tell(), 0, b""
    file.seek(0)
    while block := file.read(BLOCK):
        scans += (end + block).count(SCAN_MARK)
        end = block[-1:]
    file.seek(place)
    if scans > min(most, MOST_SCANS):
        raise PageError(
            f"{path}, page {number}: a JPEG of {scans} scans, which no scanner or camera writes;"
            " save it again as a plain JPEG",
            number,
        )


def _cost(image: Image.Image) -> int:
    """Bytes that decoding to gray takes at its worst."""
    pixels = image.width * image.height
    each = MODE_BYTES.get(image.mode, 4) + GRAY_BYTES
    if isinstance(image, TiffImageFile):
        return pixels * (each + _extra_bytes(image)) + _piece_bytes(image)
    if isinstance(image, JpegImageFile):
        return pixels * (each + COEFFICIENT_BYTES * len(image.getbands()))
    if image.format == "WEBP":
        each *= CANVASES
    return pixels * (each + _extra_bytes(image))


def _extra_bytes(image: Image.Image) -> int:
    if image.mode.startswith(("I", "F")):
        return DEEP_BYTES
    return TRANSPARENT_BYTES if image.has_transparency_data else 0


def _piece_bytes(image: TiffImageFile) -> int:
    """Bytes of the largest tile or strip of a TIFF, which libtiff unpacks in one piece."""
    tags = image.tag_v2
    columns = int(tags.get(TILE_WIDTH) or image.width)
    rows = int(tags.get(TILE_LENGTH) or min(tags.get(ROWS_PER_STRIP, image.height), image.height))
    bits = tags.get(BITS_PER_SAMPLE, (1,))
    depth = max(bits) if isinstance(bits, tuple) else bits
    sample_bytes = int(tags.get(SAMPLES_PER_PIXEL, 1)) * ((int(depth) + 7) // 8)
    return columns * rows * max(sample_bytes, LEAST_TILE_BYTES)
