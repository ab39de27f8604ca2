"""The network in Keras' older HDF5 format, for programs that want it."""

from __future__ import annotations

from pathlib import Path

import keras

from hcr_batch.recognition.model_card import CARD_NAME, file_hash, read_card, write_card

__all__ = ["export_h5"]


def export_h5(folder: Path) -> Path:
    """Write model.h5 beside the model.keras of a model folder and enter it in the card."""
    path = folder / "model.h5"
    keras.saving.load_model(folder / "model.keras", compile=False).save(path)
    document = read_card(folder / CARD_NAME).document
    files = {**document["files"], path.name: file_hash(path)}
    write_card(folder / CARD_NAME, {**document, "files": files})
    return path
