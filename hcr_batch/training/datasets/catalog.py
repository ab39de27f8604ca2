"""Public sets of handwritten characters: where they are, how large, on what terms."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from hcr_batch.errors import UsageError

__all__ = ["CATALOG", "Download", "KnownSet", "known_set", "sets_folder"]


@dataclass(frozen=True)
class Download:
    """A file to fetch.

    Attributes
    ----------
    url : str
    name : str
        Under which it is kept.
    checksum : str
        `sha256:...` or `md5:...` as published; empty where none is.
    archive : bool
        Whether it is unpacked.
    """

    url: str
    name: str
    checksum: str = ""
    archive: bool = False


@dataclass(frozen=True)
class KnownSet:
    """A public set.

    Attributes
    ----------
    name, title : str
    size_mb : float
        To fetch.
    terms : str
    page : str
        Where its publisher tells about it.
    files : tuple of Download
        Empty where a person has to ask or to draw it oneself.
    kaggle : str
        `owner/name` of a set for which Kaggle wants an account; else empty.
    imported : tuple of str
        Command lines that make sets of it, with `{folder}` for where it lies.
    """

    name: str
    title: str
    size_mb: float
    terms: str
    page: str
    files: tuple[Download, ...] = ()
    kaggle: str = ""
    imported: tuple[str, ...] = field(default=())

    def present(self, folder: Path) -> bool:
        """Whether it has been fetched whole into `folder`/name."""
        return (folder / self.name / ".complete").is_file()


def _mnist(name: str, sha256: str) -> Download:
    return Download(
        f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}", name, f"sha256:{sha256}"
    )


def _kaggle(owner_and_name: str) -> Download:
    url = f"https://www.kaggle.com/api/v1/datasets/download/{owner_and_name}"
    return Download(url, f"{owner_and_name.split('/')[1]}.zip", archive=True)


AZ = "sachinpatel21/az-handwritten-alphabets-in-csv-format"
EMNIST_CSV = "crawford/emnist"

CATALOG = (
    KnownSet(
        "emnist",
        "EMNIST, all six splits (NIST SD19)",
        536,
        "public domain at its source; cite Cohen, Afshar, Tapson, van Schaik 2017",
        "https://www.nist.gov/itl/products-and-services/emnist-dataset",
        (
            Download(
                "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
                "gzip.zip",
                "md5:58c8d27c78d21e728a6bc7b3cc06412e",
                archive=True,
            ),
        ),
        imported=(
            "import idx {folder} --split balanced --part train --out sets/emnist_balanced.npz",
            "import idx {folder} --split byclass --part train --out sets/emnist_byclass.npz",
        ),
    ),
    KnownSet(
        "mnist",
        "MNIST digits (NIST)",
        11.5,
        "CC BY-SA 3.0 (LeCun, Cortes); US government work at its source",
        "http://yann.lecun.com/exdb/mnist/",
        (
            _mnist(
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        imported=(
            "import idx {folder} --part train --out sets/mnist_train.npz",
            "import idx {folder} --part test --out sets/mnist_test.npz",
        ),
    ),
    KnownSet(
        "az",
        "A-Z Handwritten Alphabets, CSV (NIST)",
        190,
        "CC0",
        f"https://www.kaggle.com/datasets/{AZ}",
        (_kaggle(AZ),),
        kaggle=AZ,
        imported=('import csv "{folder}/A_Z Handwritten Data.csv" --out sets/az.npz',),
    ),
    KnownSet(
        "emnist-csv",
        "EMNIST as CSV",
        1240,
        "public domain at its source",
        f"https://www.kaggle.com/datasets/{EMNIST_CSV}",
        (_kaggle(EMNIST_CSV),),
        kaggle=EMNIST_CSV,
        imported=(
            "import csv {folder}/emnist-balanced-train.csv --out sets/emnist_balanced.npz",
        ),
    ),
    KnownSet(
        "nist-sd19",
        "NIST SD19 by class, PNG 128 x 128",
        985,
        "US government work, public domain",
        "https://www.nist.gov/srd/nist-special-database-19",
        (
            Download(
                "https://s3.amazonaws.com/nist-srd/SD19/by_class.zip",
                "by_class.zip",
                "md5:79572b1694a8506f2b722c7be54130c4",
                archive=True,
            ),
        ),
        imported=("import folder {folder}/by_class --out sets/sd19.npz",),
    ),
    KnownSet(
        "chars74k",
        "Chars74K EnglishHnd, tablet",
        13,
        "research use; cite de Campos, Babu, Varma 2009",
        "http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k/",
        (
            Download(
                "http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k/EnglishHnd.tgz",
                "EnglishHnd.tgz",
                archive=True,
            ),
        ),
        imported=("import folder {folder}/English/Hnd/Img --out sets/chars74k_hnd.npz",),
    ),
    KnownSet(
        "unipen",
        "UNIPEN train r01 v07, pen strokes",
        0,
        "its owners ask for research use, and to be asked",
        "http://www.unipen.org/",
    ),
)
"""Every public set that the program knows."""


def known_set(name: str) -> KnownSet:
    """The set of that name.

    Raises
    ------
    UsageError
        There is none.
    """
    for one in CATALOG:
        if one.name == name:
            return one
    raise UsageError(f"{name}: no known set; known are {', '.join(s.name for s in CATALOG)}")


def sets_folder() -> Path:
    """Where sets are fetched to if nothing else is said: `hcr-batch` in the user's data folder."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "hcr-batch"
