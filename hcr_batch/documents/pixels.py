"""Pillow's gray pixels as an array.

`np.asarray` takes them out of Pillow in many small pieces of bytes, which costs
as much as decoding a JPEG. The Arrow C data interface, which Pillow has from
11.3 on, hands over the memory itself.
"""

from __future__ import annotations

import ctypes

import numpy as np
from PIL import Image

__all__ = ["gray_array"]


class _ArrowArray(ctypes.Structure):
    """The first members of `struct ArrowArray` of the Arrow C data interface."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("buffer_count", ctypes.c_int64),
        ("child_count", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    )


def gray_array(image: Image.Image) -> np.ndarray:
    """The pixels of a picture of mode `L`, which may be its own; uint8 (rows, columns)."""
    columns, rows = image.size
    image.load()
    try:
        _, capsule = image.__arrow_c_array__()
    except (AttributeError, ValueError):  # an older Pillow; memory in several blocks
        return np.asarray(image)
    array = _ArrowArray.from_address(_address(capsule))
    if array.length != rows * columns:
        return np.asarray(image)
    # The second buffer holds the values; the capsule owns it, and goes with what stands on it.
    values = (ctypes.c_uint8 * array.length).from_address(array.buffers[1] + array.offset)
    values.owner = capsule
    return np.frombuffer(values, np.uint8).reshape(rows, columns)


def _address(capsule: object) -> int:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return pointer(capsule, b"arrow_array")
