import zlib

import cv2
import numpy as np
import pytest

from hcr_batch.results.cell_pictures import pack_pictures, packed_picture

NOTHING = np.zeros((0, 7), np.uint8)


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)


def test_pictures_come_back_in_their_sizes_but_for_fine_shades():
    rng = np.random.default_rng(1)
    sizes = [(47, 39), (1, 1), (30, 61), (2, 3)]
    pictures = [rng.integers(0, 256, size).astype(np.uint8) for size in sizes]
    packed = pack_pictures([NOTHING, *pictures, NOTHING])
    for place, picture in enumerate(pictures, start=1):
        back = pixels(packed_picture(packed, place)).astype(int)
        assert back.shape == picture.shape
        assert np.abs(back - picture).max() <= 8
        assert set(back[(picture == 0) | (picture == 255)].ravel()) <= {0, 255}
    assert packed_picture(packed, 0) is None
    assert packed_picture(packed, len(pictures) + 1) is None


def test_where_nothing_is_to_be_seen_nothing_is_kept():
    assert pack_pictures([]) == pack_pictures([NOTHING]) == b""
    assert packed_picture(b"", 0) is None


def test_what_was_never_packed_is_refused():
    packed = pack_pictures([np.full((40, 30), 90, np.uint8), NOTHING])
    bit_flipped = packed[:30] + bytes([packed[30] ^ 1]) + packed[31:]
    other_size = packed[:4] + b"\x29" + packed[5:]
    none = bytes(4) + zlib.compress(b"")
    cut = packed[:20], packed[:-3]
    for wrong in (*cut, b"\xa5" * 500, bytes(500), bit_flipped, other_size, none):
        with pytest.raises(ValueError, match=r"picture|size|reshape|buffer|zip"):
            packed_picture(wrong, 0)
    with pytest.raises(ValueError, match="no picture 2"):
        packed_picture(packed, 2)
