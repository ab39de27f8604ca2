"""Small files in exactly the formats in which the public sets are given away."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

EMNIST_BALANCED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


def idx_bytes(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim])
    return head + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_idx(folder: Path, stem: str, images, numbers, packed: bool = True) -> Path:
    """The pair `<stem>-images-idx3-ubyte` and `-labels-`; the file of images."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.asarray(numbers, np.uint8)
    for kind, values in (("labels-idx1", numbers), ("images-idx3", images)):
        content = idx_bytes(np.ascontiguousarray(values))
        name = f"{stem}-{kind}-ubyte" + (".gz" if packed else "")
        path = folder / name
        path.write_bytes(gzip.compress(content) if packed else content)
    return path


def write_emnist(folder: Path, split: str, classes: str, images, labels, first: int = 0) -> Path:
    """A split as NIST gives it: transposed images, labels by number, a mapping file."""
    numbers = [classes.index(label) + first for label in labels]
    codes = [f"{i} {ord(c)}" for i, c in enumerate(classes, start=first)]
    if split == "letters":
        codes = [f"{code} {ord(c.lower())}" for code, c in zip(codes, classes, strict=True)]
    path = write_idx(folder, f"emnist-{split}-train", images.transpose(0, 2, 1), numbers)
    (folder / f"emnist-{split}-mapping.txt").write_text("\n".join(codes) + "\n")
    return path


def write_csv(path: Path, images, numbers, header: str | None = None) -> Path:
    rows = np.column_stack([numbers, images.reshape(len(images), -1)])
    text = io.StringIO()
    if header is not None:
        text.write(header + "\n")
    np.savetxt(text, rows, fmt="%d", delimiter=",")
    path.write_text(text.getvalue())
    return path


def write_image(path: Path, pixels: np.ndarray, mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)
    return path
