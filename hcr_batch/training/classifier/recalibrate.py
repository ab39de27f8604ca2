"""A model's card, calibrated anew."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hcr_batch.errors import NoInputError, OutputError
from hcr_batch.recognition.model_card import CARD_NAME, write_card
from hcr_batch.recognition.recognizers import NetworkRecognizer, model_files
from hcr_batch.training.classifier.card_metrics import set_metrics
from hcr_batch.training.classifier.held_out_calibration import NetworkOutputs, calibration
from hcr_batch.training.datasets.character_sets import unseen_part

__all__ = ["check_free", "recalibrated", "write_calibrated"]


def recalibrated(recognizer: NetworkRecognizer, paths: Sequence[Path]) -> dict[str, Any]:
    """Calibrate a model on what it has not learned from.

    Of a set that it was trained on only the writers held out of the training
    count; a set that its recipe keeps for testing is measured, not fitted;
    any other set counts whole.

    Parameters
    ----------
    recognizer : NetworkRecognizer
    paths : sequence of Path
        Sets, .npz.

    Returns
    -------
    dict
        The card with new `temperature`, `calibration`, `thresholds` and, for
        these sets, `metrics`.

    Raises
    ------
    NoInputError
        The sets hold nothing to calibrate on.
    """
    document = recognizer.card.document
    recipe = document.get("recipe", {})
    parts = (_outputs(recognizer, path, recipe) for path in paths)
    outputs = [part for part in parts if len(part.characters)]
    if not any(part.fitted for part in outputs):
        raise NoInputError(
            f"{paths[0].parent}: holds no set to calibrate on, beside those the model learned "
            "from or is tested on; name others with --set"
        )
    fitted = calibration(outputs, recipe.get("seed", 0))
    metrics = {one.characters.name: set_metrics(one, fitted["temperature"]) for one in outputs}
    return {**document, **fitted, "metrics": {**document.get("metrics", {}), **metrics}}


def _outputs(
    recognizer: NetworkRecognizer, path: Path, recipe: Mapping[str, Any]
) -> NetworkOutputs:
    part = unseen_part(path, recipe)
    unclean = {one["name"] for one in recipe.get("sources", ()) if not one["clean"]}
    return NetworkOutputs(
        part,
        recognizer.network(part.images),
        clean=part.name not in unclean,
        fitted=part.name not in recipe.get("test_sets", ()),
    )


def check_free(out: Path) -> None:
    """Refuse to write over a model or a card.

    Raises
    ------
    OutputError
        There is something at `out`.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already; give --out a new name")


def write_calibrated(document: Mapping[str, Any], model: Path | None, out: Path) -> None:
    """Write a card: alone where `out` ends in .json, else with its weights as a model folder.

    Parameters
    ----------
    document : mapping
        The card, from :func:`recalibrated`.
    model : Path, optional
        Where the model lies whose card it is; the default model where left out.
    out : Path
        Is not there yet.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    weights, card = model_files(model)
    if card.name != CARD_NAME:
        # The short card of a classifier that was trained elsewhere.
        document = {key: document[key] for key in document.keys() - {"files", "metrics"}}
    try:
        if out.suffix == ".json":
            out.parent.mkdir(parents=True, exist_ok=True)
            write_card(out, document)
            return
        out.mkdir(parents=True)
        for name in document.get("files", (weights.name,)):
            # An installed program comes without model.keras.
            if (weights.parent / name).is_file():
                shutil.copyfile(weights.parent / name, out / name)
        # The card last: a folder without one is no model.
        write_card(out / card.name, {**document, "name": out.name})
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); check --out") from error
