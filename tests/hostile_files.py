"""Files that are damaged, absurd or meant to do harm, made in code; seeds and mutations of them.

Everything comes from numbered generators, so that a failure can be had again.
"""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from pdf_maker import WHOLE_PAGE, page_pdf, pdf, stream
from PIL import Image, ImageDraw

__all__ = [
    "SEEDS",
    "bomb_pdf",
    "encrypted_pdf",
    "gif_of",
    "long_tiff",
    "many_scans",
    "mutated",
    "mutations",
    "packed_pdf",
    "pictures",
    "png_of",
    "saved",
    "tiff_of",
    "tiled_tiff",
]

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Values at which sizes and offsets overflow."""
HEAD = 400
"""First bytes of a file, where most of its structure is."""


def pictures(count: int = 1, size: tuple[int, int] = (160, 120)) -> list[Image.Image]:
    """Pictures of noise (every byte of the file matters), each with a dark spot of its own."""
    generator = np.random.default_rng(1)
    made = []
    for number in range(count):
        image = Image.fromarray(generator.integers(150, 256, size[::-1]).astype(np.uint8))
        ImageDraw.Draw(image).rectangle((10 + number, 10, 60, 60), fill=0)
        made.append(image)
    return made


def saved(images: list[Image.Image], file_format: str, **options: object) -> bytes:
    """The bytes of a file with these pictures."""
    file = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
    images[0].save(file, file_format, **more, **options)
    return file.getvalue()


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A gray PNG that says it has this size, whatever its data hold."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def gif_of(width: int, height: int) -> bytes:
    """A GIF whose screen and frame say that they have this size."""
    size = struct.pack("<HH", width, height)
    colours = b"\0\0\0\xff\xff\xff"
    frame = b",\0\0\0\0" + size + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + size + b"\x80\0\0" + colours + frame + b";"


def tiff_of(width: int, height: int, pixels: bytes = b"\0", resolution: bytes = b"") -> bytes:
    """An uncompressed gray TIFF that says it has this size; `resolution` is 4 bytes (a float) or
    8 (a fraction)."""
    kind = 11 if len(resolution) == 4 else 5
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 0),
        (277, 3, 1), (278, 4, height), (279, 4, len(pixels)),
        *([(282, kind, resolution), (283, kind, resolution)] if resolution else []),
        (296, 3, 2),
    ]  # fmt: skip
    place = 8 + 2 + 12 * len(tags) + 4
    extra, directory = b"", struct.pack("<H", len(tags))
    values = sum(len(value) for _, _, value in tags if isinstance(value, bytes))
    for tag, kind_of_tag, value in tags:
        if isinstance(value, bytes):
            value, extra = place + len(extra), extra + value
        elif tag == 273:
            value = place + values
        directory += struct.pack("<HHII", tag, kind_of_tag, 1, value)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + extra + pixels


def tiled_tiff(side: int, tile: tuple[int, int], samples: int = 1, bits: int = 8) -> bytes:
    """A TIFF of side x side pixels in one deflated tile of this size, full of zeros."""
    packer = zlib.compressobj(9)
    packed = packer.compress(bytes(1 << 20)) + packer.flush()
    colour = 1 if samples < 3 else 2
    tags = [
        (256, 4, side), (257, 4, side), (258, 3, bits), (259, 3, 8), (262, 3, colour),
        (277, 3, samples), (322, 4, tile[0]), (323, 4, tile[1]), (324, 4, 0), (325, 4, len(packed)),
    ]  # fmt: skip
    if samples > 1:
        tags[2] = (258, 3, [bits] * samples)
    if samples == 4:
        tags.append((338, 3, 2))
    place = 8 + 2 + 12 * len(tags) + 4
    extra, directory = b"", struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        count = 1
        if isinstance(value, list):
            count, packed_values = len(value), struct.pack(f"<{len(value)}H", *value)
            if len(packed_values) <= 4:
                value = int.from_bytes(packed_values, "little")
            else:
                value, extra = place + len(extra), extra + packed_values
        elif tag == 324:
            value = place + 2 * samples
        directory += struct.pack("<HHII", tag, kind, count, value)
    extra = extra.ljust(2 * samples, b"\0")
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + extra + packed


def many_scans(count: int, side: int = 1000) -> bytes:
    """A progressive JPEG that says the last of its scans so many times."""
    whole = saved([Image.new("L", (side, side), 200)], "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


def long_tiff(frames: int) -> bytes:
    """A TIFF of many frames that share the pixels of one."""
    one = tiff_of(40, 30, bytes(1200))
    place, directory = 8, one[8:-1200]
    shared = frames * len(directory) + place
    content = bytearray(one[:place])
    for number in range(frames):
        following = place + (number + 1) * len(directory) if number < frames - 1 else 0
        own = bytearray(directory)
        own[2 + 12 * 5 + 8 : 2 + 12 * 6] = struct.pack("<I", shared)
        own[-4:] = struct.pack("<I", following)
        content += own
    return bytes(content) + bytes(1200)


def bomb_pdf(side: int, in_form: bool = False, content: bytes = WHOLE_PAGE) -> bytes:
    """A PDF of about a megabyte with an image of side x side black pixels.

    The image is all of the page, or stands within a form on it.
    """
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block does not depend on what was before it: it can be repeated.
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    image = _image(side, side, head + block * (side * side // 8 >> 20) + packer.flush())
    if not in_form:
        return page_pdf(content, image)
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</In 7 0 R>>>>"
    return page_pdf(content, stream(b"q 200 0 0 200 9 9 cm /In Do Q", entries), more=[image])


def _image(width: int, height: int, data: bytes) -> bytes:
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 1" % (width, height)
    return stream(data, entries + b"/ColorSpace/DeviceGray/Filter/FlateDecode")


def packed_pdf(content: bytes, megabytes: int) -> bytes:
    """A PDF of kilobytes whose page's content is so many megabytes of what is given."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    times = max(1, (1 << 20) // len(content))
    block = packer.compress(content * times) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = zlib.compress(head + block * megabytes + packer.flush(), 9)
    entries = b"/Filter[/FlateDecode/FlateDecode]"
    plain = stream(b"", b"")
    return page_pdf(b"").replace(plain, stream(packed, entries), 1)


def encrypted_pdf() -> bytes:
    """A PDF with a password."""
    lock = b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"28" * 32, b"5A" * 32)
    return page_pdf(b"", more=[lock]).replace(
        b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 7 0 R/ID[<00><00>]"
    )


def _seeds() -> dict[str, bytes]:
    one, three = pictures(), pictures(3, (64, 48))
    jpeg = saved(one, "JPEG", quality=80)
    drawn = page_pdf(b"0 0 0 rg 72 698 72 72 re f BT /F 24 Tf 100 100 Td (hidden) Tj ET")
    return {
        "gray.png": saved(one, "PNG", dpi=(200, 200)),
        "palette.png": saved([one[0].convert("P")], "PNG", transparency=0),
        "gray.jpg": jpeg,
        "progressive.jpg": saved([one[0].convert("RGB")], "JPEG", progressive=True),
        "lzw.tif": saved(three, "TIFF", compression="tiff_lzw"),
        "plain.tif": tiff_of(40, 30, bytes(1200), struct.pack("<II", 200, 1)),
        "fax.tif": saved([one[0].convert("1")], "TIFF", compression="group4"),
        "jpeg.tif": saved([one[0].convert("RGB")], "TIFF", compression="jpeg"),
        "moving.gif": saved(three, "GIF"),
        "plain.webp": saved(one, "WEBP"),
        "plain.bmp": saved(one, "BMP"),
        "drawn.pdf": drawn,
        "scanned.pdf": saved(three, "PDF"),
        "no-pages.pdf": pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"]),
    }


SEEDS = _seeds()
"""Small sound files, by name; the last has no page."""


def mutations(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Seeds in turn with a few mutations each: (name of the seed, bytes)."""
    generator = np.random.default_rng(seed)
    names = list(SEEDS)
    for number in range(count):
        name = names[number % len(names)]
        yield name, mutated(SEEDS[name], generator)


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """The content with one to four random changes, half of them near its beginning."""
    changed = bytearray(content)
    for _ in range(generator.integers(1, 5)):
        if not changed:
            break
        change = _CHANGES[generator.integers(len(_CHANGES))]
        end = min(len(changed), HEAD) if generator.random() < 0.5 else len(changed)
        change(changed, int(generator.integers(end)), generator)
    return bytes(changed)


def _flip(content: bytearray, place: int, generator: np.random.Generator) -> None:
    content[place] ^= 1 << int(generator.integers(8))


def _overwrite(content: bytearray, place: int, generator: np.random.Generator) -> None:
    content[place] = int(generator.integers(256))


def _put_number(content: bytearray, place: int, generator: np.random.Generator) -> None:
    value = int(generator.choice(INTERESTING))
    number = value.to_bytes(4, ("little", "big")[generator.integers(2)])
    content[place : place + 4] = number[: max(1, len(content) - place)]


def _put_digit(content: bytearray, place: int, generator: np.random.Generator) -> None:
    digits = [n for n in range(place, min(place + 200, len(content))) if 48 <= content[n] <= 57]
    if digits:
        content[int(generator.choice(digits))] = 48 + int(generator.integers(10))


def _remove(content: bytearray, place: int, generator: np.random.Generator) -> None:
    del content[place : place + int(generator.integers(1, 40))]


def _repeat(content: bytearray, place: int, generator: np.random.Generator) -> None:
    content[place:place] = content[place : place + int(generator.integers(1, 40))]


def _cut(content: bytearray, place: int, generator: np.random.Generator) -> None:
    del content[place + 1 :]


_CHANGES = (_flip, _overwrite, _put_number, _put_digit, _remove, _repeat, _cut)
