"""Pictures that Pillow decodes: PNG, JPEG, JPEG 2000, TIFF, WebP, BMP and GIF."""

from __future__ import annotations

import itertools
import math
import struct
import warnings
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from hcr_batch.documents.cost import check_cost, check_scans
from hcr_batch.documents.pixels import gray_array
from hcr_batch.documents.raster import Orientation, Raster, make_page
from hcr_batch.documents.tiff import count_frames, is_tiff, unknown_packing
from hcr_batch.errors import DocumentError, PageError, TooLargeError

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings
    from hcr_batch.documents.memory import MemoryFile
    from hcr_batch.types import Page

__all__ = [
    "check_frame",
    "check_shape",
    "check_size",
    "count_image_pages",
    "first_frame",
    "gray_pixels",
    "image_pages",
    "unhindered",
]

FORMATS = ("PNG", "JPEG", "JPEG2000", "TIFF", "WEBP", "BMP", "GIF")

DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow is known to raise on damaged data."""

X_RESOLUTION, Y_RESOLUTION = 282, 283
FAX_COMPRESSIONS = ("group3", "group4")
FAX_WIDTH = 1728
FAX_DPI = {True: (204.0, 98.0), False: (204.0, 196.0)}
"""Dots per inch across and down of a fax, by whether its page is wider than high in pixels:
ITU-T T.4 has 1,728 pixels a line and 98 or 196 lines an inch."""
ORIENTATION_TAG = 274
EXIF_ORIENTATIONS = {
    2: Orientation(flip_x=True),
    3: Orientation(flip_x=True, flip_y=True),
    4: Orientation(flip_y=True),
    5: Orientation(transposed=True),
    6: Orientation(transposed=True, flip_x=True),
    7: Orientation(transposed=True, flip_x=True, flip_y=True),
    8: Orientation(transposed=True, flip_y=True),
}
SUBFILE_TAG = 254
REDUCED_COPY = 1
"""Bit of a TIFF frame's NewSubfileType: a thumbnail of another frame."""

LARGEST_ASPECT = 100.0
"""Longer by shorter side of a picture that may be a page; a line of writing has 30."""

FULL_SCALES = (1, 255, 4095, 65535)
"""White of fractions and of 8, 12 and 16 bits; scanners store 12 bits in 16."""


def image_pages(
    path: Path | MemoryFile, settings: DocumentSettings, first: int = 1, last: int | None = None
) -> Generator[Page, None, None]:
    """Read the pages of a picture file; a TIFF has as many as frames.

    Parameters
    ----------
    path : Path or MemoryFile
    settings : DocumentSettings
    first, last : int, optional
        Pages to read, from 1, both included; all where left out.

    Yields
    ------
    Page

    Raises
    ------
    DocumentError
        The picture is of no known format or damaged;
        `PageError` where other frames may be read.
    """
    # Opened here, not by Pillow: given a name it maps uncompressed TIFF into memory and then
    # turns it wrongly.
    with path.open("rb") as file, _open(file, path) as image:
        for number, frame in _frames(image, file, path, first, last):
            check_frame(frame, file, path, number, settings)
            check_shape(frame.size, path, number)
            yield make_page(_taken(frame, path, number), number, settings)


def count_image_pages(path: Path | MemoryFile) -> int:
    """Frames of a TIFF but its thumbnails, 1 for any other picture.

    Raises
    ------
    DocumentError
        The picture is of no known format or damaged.
    """
    with path.open("rb") as file, _open(file, path) as image:
        return sum(1 for _ in _sought(image, file, path)) if isinstance(image, TiffImageFile) else 1


def first_frame(path: Path | MemoryFile, settings: DocumentSettings) -> np.ndarray:
    """The first frame of a picture file as it is; see `hcr_batch.documents.read_picture`."""
    with path.open("rb") as file, _open(file, path) as image:
        check_frame(image, file, path, 1, settings)
        gray = _decoded(image, path, 1).gray
        if gray.min() == 255 and image.has_transparency_data:
            return 255 - np.asarray(image.convert("RGBA").getchannel("A"))
        return gray


def _open(file: BinaryIO, path: Path | MemoryFile) -> Image.Image:
    try:
        with unhindered():
            return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        if is_tiff(file):
            raise DocumentError(
                f"{path}: a TIFF of a kind that cannot be read here, or cut short;"
                " save it again as gray packed by LZW, or as PNG"
            ) from error
        raise DocumentError(
            f"{path}: no picture or PDF that can be read, or cut short;"
            " scan or copy it again, or convert it to PNG, TIFF or PDF"
        ) from error
    except DAMAGE as error:
        raise DocumentError(_damaged(path, error)) from error


@contextmanager
def unhindered() -> Iterator[None]:
    """Lift Pillow's fixed limit of pixels, which `check_size` replaces, and its warnings.

    Damage that matters is raised; the warnings are about tags that nobody reads.
    """
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _frames(
    image: Image.Image, file: BinaryIO, path: Path | MemoryFile, first: int, last: int | None
) -> Iterator[tuple[int, Image.Image]]:
    """The frames of a TIFF, numbered; of animations and stereo pictures the first."""
    if not isinstance(image, TiffImageFile):
        if first == 1:
            yield 1, image
        return
    sought = enumerate(_sought(image, file, path), start=1)
    for number, error in itertools.islice(sought, first - 1, last):
        if error:
            raise _unread(image, path, number, error) from error
        yield number, image


def _sought(
    image: TiffImageFile, file: BinaryIO, path: Path | MemoryFile
) -> Iterator[Exception | None]:
    """Go from frame to frame of a TIFF, but its thumbnails; why one cannot be read, or None."""
    try:
        count = count_frames(file)
    except DAMAGE as error:
        raise DocumentError(_damaged(path, error)) from error
    for place in range(count):
        try:
            with unhindered():
                image.seek(place)
        except EOFError:
            return
        except DAMAGE as error:
            yield error
            continue
        if not image.tag_v2.get(SUBFILE_TAG, 0) & REDUCED_COPY:
            yield None


def check_frame(
    frame: Image.Image,
    file: BinaryIO,
    path: Path | MemoryFile,
    number: int,
    settings: DocumentSettings,
) -> None:
    """Refuse what is too large, or takes too much memory or time, before it is decoded.

    Raises
    ------
    TooLargeError
        It has more than `max_megapixels`, or costs far more than they would.
    PageError
        What it says of its size makes no sense, or it is a JPEG of too many scans.
    """
    check_size(frame.size, path, number, settings)
    try:
        if frame.format in ("JPEG", "MPO"):
            check_scans(file, frame, path, number, settings)
        check_cost(frame, path, number, settings)
    except DAMAGE as error:
        raise _damaged_page(path, number, error) from error


def check_size(
    size: tuple[int, int], path: Path | MemoryFile, number: int, settings: DocumentSettings
) -> None:
    """Refuse a page of (width, height) pixels that is too large, before it is decoded.

    Raises
    ------
    TooLargeError
        It has more than `max_megapixels`.
    """
    megapixels = size[0] * size[1] / 1e6
    if megapixels > settings.max_megapixels:
        raise TooLargeError(
            f"{path}, page {number}: {megapixels:.0f} megapixels, more than the"
            f" {settings.max_megapixels:.0f} allowed; reduce it or raise documents.max_megapixels",
            number,
        )


def check_shape(size: tuple[int, int], path: Path | MemoryFile, number: int) -> None:
    """Refuse what is so narrow, in (width, height) pixels, that it cannot be a page.

    Raises
    ------
    PageError
        One side is more than `LARGEST_ASPECT` times the other.
    """
    if max(size) > LARGEST_ASPECT * min(size):
        raise PageError(
            f"{path}, page {number}: {size[0]} x {size[1]} pixels, too narrow for a page;"
            " scan it again or take the file away",
            number,
        )


def _taken(frame: Image.Image, path: Path | MemoryFile, number: int) -> Raster:
    """The pixels of a frame, which Pillow then lets go of, but for a TIFF: it has more frames."""
    raster = _decoded(frame, path, number)
    if not isinstance(frame, TiffImageFile):
        frame.close()
    return raster


def _decoded(image: Image.Image, path: Path | MemoryFile, number: int) -> Raster:
    try:
        with unhindered():
            orientation = _orientation(image)
            dpi = _tagged_dpi(image)
            gray = gray_pixels(image)
    except DAMAGE as error:
        raise _unread(image, path, number, error) from error
    if image.format != "TIFF":  # Pillow itself turns TIFF upright, and no other
        gray = orientation.upright(gray)
    if dpi and orientation.transposed:
        dpi = dpi[::-1]
    return Raster(gray, orientation, dpi)


def _orientation(image: Image.Image) -> Orientation:
    return EXIF_ORIENTATIONS.get(image.getexif().get(ORIENTATION_TAG, 1), Orientation())


def _tagged_dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    if not dpi or tuple(dpi) == (1, 1):
        dpi = _unitless(image)
    if not dpi:
        return None
    try:
        tag = float(dpi[0]), float(dpi[1])
    except ZeroDivisionError:  # fractions, in Pillow before version 11
        return None
    return tag if all(map(math.isfinite, tag)) else None


def _unitless(image: Image.Image) -> tuple[float, float] | None:
    """Numbers that are a resolution, or tell the shape of pixels alone; what a fax has without."""
    if isinstance(image, TiffImageFile):
        tags = image.tag_v2
        if X_RESOLUTION in tags and Y_RESOLUTION in tags:
            return tags[X_RESOLUTION], tags[Y_RESOLUTION]
        is_fax = image.info.get("compression") in FAX_COMPRESSIONS and image.width == FAX_WIDTH
        return FAX_DPI[image.height < image.width] if is_fax else None
    return image.info.get("jfif_density")


def gray_pixels(image: Image.Image) -> np.ndarray:
    """Decode a picture of any mode to gray, uint8 (rows, columns); transparent is white.

    Raises
    ------
    OSError, SyntaxError, ValueError and the others of `DAMAGE`
        The data are damaged.
    """
    if image.format in ("JPEG", "MPO"):
        image.draft("L", image.size)
    if image.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(image))
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"))
    if image.mode == "LAB":  # its first channel is how light it is; Pillow turns it into no other
        return np.array(image.getchannel("L"))
    if image.mode != "L":
        return gray_array(image.convert("L"))
    # Pillow decodes the next frame of a TIFF into the same memory.
    return gray_array(image).copy() if image.format == "TIFF" else gray_array(image)


def _eight_bits(deep: np.ndarray) -> np.ndarray:
    """Scale deep gray so that white, guessed from the largest value, is 255."""
    deep = np.nan_to_num(deep.astype(np.float32), posinf=0.0, neginf=0.0)
    largest = float(deep.max())
    white = next((scale for scale in FULL_SCALES if largest <= scale), largest)
    return np.clip(deep * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)


def _on_white(image: Image.Image) -> np.ndarray:
    paper = Image.new("L", image.size, 255)
    paper.paste(image.convert("L"), mask=image.getchannel("A"))
    return np.asarray(paper)


def _unread(
    image: Image.Image, path: Path | MemoryFile, number: int, error: Exception
) -> PageError:
    """What to tell of a frame that Pillow cannot decode."""
    packing = unknown_packing(image) if isinstance(image, TiffImageFile) else None
    if packing is None:
        return _damaged_page(path, number, error)
    return PageError(
        f"{path}, page {number}: packed by {packing}, which cannot be read here;"
        " save it again packed by LZW or as PNG",
        number,
    )


def _damaged(place: Path | MemoryFile | str, error: Exception) -> str:
    detail = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        detail = "or takes more memory than there is"
    return f"{place}: damaged or cut short ({detail}); scan or copy it again"


def _damaged_page(path: Path | MemoryFile, number: int, error: Exception) -> PageError:
    return PageError(_damaged(f"{path}, page {number}", error), number)
