"""Recognizers: glyphs in, calibrated probabilities out, whatever runs the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.weights import verify_file
from hcr_batch.recognition.model_card import CARD_NAME, ModelCard, read_card

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from hcr_batch.recognition.line_reader import LineReader
    from hcr_batch.types import Glyphs, Gray, Numbers

    Network = Callable[[np.ndarray], np.ndarray]

__all__ = [
    "GlyphScores",
    "NetworkRecognizer",
    "Recognizer",
    "load_card",
    "load_recognizer",
    "model_files",
]

KERAS_ENDINGS = (".keras", ".h5", ".hdf5")
WEIGHTS = ("model.tflite", "model.keras", "model.h5")
"""File looked for in a model folder, the faster first."""


@dataclass(frozen=True)
class GlyphScores:
    """What the network says about N glyphs.

    Attributes
    ----------
    characters : ndarray of float32, shape (N, 62)
        Calibrated probabilities; they sum to at most 1, the rest is the
        probability of ink that is no character.
    printed : ndarray of float32, shape (N,)
        Logit of machine print; above 0 the glyph is more likely print than
        handwriting. Sum it over the glyphs of a line for a firm answer.
    columns : tuple of ndarray of float32, each (columns, 75)
        What the line reader says about each strip, where there is one.
    """

    characters: Numbers
    printed: Numbers
    columns: tuple[Numbers, ...] = ()


class Recognizer(Protocol):
    """What the pipeline needs of a recognizer."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The 62 characters, in the order of the probabilities."""

    @property
    def card(self) -> ModelCard:
        """The model's card."""

    @property
    def line_reader(self) -> LineReader | None:
        """Reads strings whole; None where the model has none: they are cut into characters."""

    def normalize(self, cell: Gray) -> Glyphs:
        """Gray uint8 cell (rows, columns), dark ink on light, to a glyph uint8 (28, 28)."""

    def probabilities(self, glyphs: Glyphs) -> Numbers:
        """Glyphs uint8 (N, 28, 28) to calibrated probabilities float32 (N, 62)."""

    def scores(self, glyphs: Glyphs) -> GlyphScores:
        """Glyphs uint8 (N, 28, 28) to probabilities and machine print, in one pass."""


@dataclass(frozen=True)
class NetworkRecognizer:
    """A recognizer around a function from glyphs (N, 28, 28) to logits (N, 64)."""

    network: Network
    card: ModelCard
    line_reader: LineReader | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The characters that are told apart, in the order of their probabilities."""
        return self.card.classes

    def normalize(self, cell: Gray) -> Glyphs:
        """Make a glyph, uint8 (28, 28), of a cell, gray uint8 (rows, columns)."""
        from hcr_batch.characters.isolate import isolate_cell
        from hcr_batch.characters.normalize import normalize_ink

        return normalize_ink(isolate_cell(cell))

    def probabilities(self, glyphs: Glyphs) -> Numbers:
        """Calibrated probabilities (N, classes) of glyphs uint8 (N, 28, 28)."""
        return self.scores(glyphs).characters

    def scores(self, glyphs: Glyphs) -> GlyphScores:
        """Probabilities of glyphs uint8 (N, 28, 28), and of machine print, in one pass.

        Raises
        ------
        ModelError
            What the network answers are not so many numbers.
        """
        import numpy as np

        from hcr_batch.recognition.calibration import temperature_scale

        logits = self.network(glyphs)
        count = len(self.card.classes)
        if logits.shape != (len(glyphs), count + 2) or not np.isfinite(logits).all():
            name = self.card.document.get("name", "the model")
            raise ModelError(
                f"{name}: its network does not answer {count + 2} finite numbers a glyph, as its"
                " card has it; restore the model"
            )
        # The outlet after the characters takes foreign ink; leaving it out
        # makes the rest sum to at most 1.
        shares = temperature_scale(logits[:, : count + 1], self.card.temperature)
        return GlyphScores(shares[:, :count], logits[:, count + 1])


def load_recognizer(path: str | Path | None = None, threads: int = 1) -> NetworkRecognizer:
    """Load a model and check it against its card.

    Parameters
    ----------
    path : str or Path, optional
        A model folder with card.json, or a .tflite, .keras or .h5 file with a
        card beside it: card.json, or `<its name>.json` for a classifier that
        was trained elsewhere (:class:`~hcr_batch.recognition.custom_models.CustomCard`).
        The model that comes with the program where left out.
    threads : int
        Threads of the network; processes scale better than threads.

    Raises
    ------
    ModelError
        Missing, damaged, or made with another normalizer.
    """
    given = _given(path)
    weights = _find_weights(given)
    own = weights.with_suffix(".json")
    if own.is_file():
        return _load_own(weights, own, threads)
    if weights == given and not (weights.parent / CARD_NAME).is_file():
        raise _no_card(weights, own)
    card = read_card(weights.parent / CARD_NAME)
    verify_file(weights, card.files, CARD_NAME)
    _check_normalizer(card, weights)
    reader = _line_reader(weights.parent, threads)
    return _tried(NetworkRecognizer(_load_network(weights, threads), card, reader))


def _tried(recognizer: NetworkRecognizer) -> NetworkRecognizer:
    """A recognizer that has read a glyph: a network that cannot is told of before any page."""
    import numpy as np

    recognizer.scores(np.zeros((1, 28, 28), np.uint8))
    return recognizer


def load_card(path: str | Path | None = None) -> ModelCard:
    """The card of a model; the network of one that has a card.json is only compared with it.

    Where the model has a line reader, the document holds that one's card too.

    Raises
    ------
    ModelError
        Missing or damaged.
    """
    weights, card_path = model_files(path)
    if card_path.name != CARD_NAME or not card_path.is_file():
        return load_recognizer(path).card
    card = read_card(card_path)
    verify_file(weights, card.files, CARD_NAME)
    return _with_line_card(card, weights.parent)


def _with_line_card(card: ModelCard, folder: Path) -> ModelCard:
    """The card that holds the line reader's too, where there is one: both make the readings."""
    from hcr_batch.recognition.line_card import (
        LINE_CARD,
        LINE_NETWORK,
        line_folder,
        read_line_card,
    )

    folder = line_folder(folder)
    if not (folder / LINE_NETWORK).is_file():
        return card
    lines = read_line_card(folder / LINE_CARD)
    lines.verify(folder / LINE_NETWORK)
    return replace(card, document={**card.document, "line_reader": lines.document})


def model_files(path: str | Path | None = None) -> tuple[Path, Path]:
    """Weights and card that :func:`load_recognizer` reads.

    Raises
    ------
    ModelError
        There are no weights.
    """
    weights = _find_weights(_given(path))
    own = weights.with_suffix(".json")
    return weights, own if own.is_file() else weights.parent / CARD_NAME


def _given(path: str | Path | None) -> Path:
    return Path(path) if path else data_folder("models") / DEFAULT_MODEL


def _load_own(weights: Path, card_path: Path, threads: int) -> NetworkRecognizer:
    from hcr_batch.recognition.custom_models import CustomNetwork, full_card, read_custom_card

    own = read_custom_card(card_path)
    network = CustomNetwork(_load_network(weights, threads), own, weights)
    return _tried(NetworkRecognizer(network, full_card(own, weights)))


def _no_card(weights: Path, own: Path) -> ModelError:
    """The error that tells which card to write, after a look at the network."""
    import numpy as np

    from hcr_batch.recognition.custom_models import card_example

    outputs = _load_network(weights, 1)(np.zeros((1, 28, 28), np.float32)).shape[-1]
    return ModelError(f"{weights}: no card beside it; write {own.name}, {card_example(outputs)}")


def _line_reader(folder: Path, threads: int) -> LineReader | None:
    from hcr_batch.recognition.line_card import line_folder
    from hcr_batch.recognition.line_reader import load_line_reader

    return load_line_reader(line_folder(folder), threads)


def _find_weights(given: Path) -> Path:
    if given.is_file():
        return given
    if not given.is_dir():
        raise ModelError(f"{given}: no such model; give --model a model folder or file")
    for name in WEIGHTS:
        if (given / name).is_file():
            return given / name
    raise ModelError(f"{given}: holds neither {' nor '.join(WEIGHTS)}; restore the model folder")


def _check_normalizer(card: ModelCard, weights: Path) -> None:
    from hcr_batch.characters.normalize import NORMALIZER_VERSION

    if card.normalizer_version != NORMALIZER_VERSION:
        raise ModelError(
            f"{weights}: made with normalizer version {card.normalizer_version}, this program "
            f"has {NORMALIZER_VERSION}; train the model again or use the matching program"
        )


def _load_network(weights: Path, threads: int) -> Network:
    if weights.suffix == ".tflite":
        from hcr_batch.inference.litert import LiteRTNetwork

        return LiteRTNetwork(weights, threads)
    if weights.suffix in KERAS_ENDINGS:
        try:
            from hcr_batch.inference.keras_backend import KerasNetwork
        except ModuleNotFoundError as error:
            raise ModelError(
                f"{weights}: needs the package {error.name}; pip install 'hcr-batch[train]', "
                "or convert it to .tflite"
            ) from error
        return KerasNetwork(weights)
    raise ModelError(f"{weights}: not a .tflite, .keras or .h5 file; give --model one of these")
