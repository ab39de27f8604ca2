"""The usual demo classifiers, small, as people train them with Keras."""

import json
import string
from pathlib import Path

import numpy as np
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink

ALNUM36 = string.digits + string.ascii_uppercase


def demo_glyphs(folder: Path | None, turns: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """MNIST and Kaggle A-Z glyphs with class numbers; drawn ones where there is no folder."""
    if folder is None:
        rng = np.random.default_rng(1)
        text = ALNUM36 * turns
        glyphs = np.stack([normalize_ink(255 - cell(c, rng)) for c in text])
        return glyphs, np.array([ALNUM36.index(c) for c in text])
    parts = []
    for name, first in (("mnist_train", 4000), ("az_kaggle_sample", 6000)):
        with np.load(folder / "characters" / f"{name}.npz") as stored:
            parts.append((stored["images"][:first], stored["labels"][:first]))
    glyphs, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return glyphs, np.array([ALNUM36.index(label) for label in labels])


def train_demo(glyphs: np.ndarray, numbers: np.ndarray, epochs: int = 3):
    """Conv 32, pooling, dense 128, softmax; glyphs scaled from 0 to 1."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(int(numbers.max()) + 1, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(glyphs[..., None] / 255.0, numbers, batch_size=64, epochs=epochs, verbose=0)
    return model


def save_forms(model, folder: Path, name: str = "demo") -> dict[str, Path]:
    """The model as .keras, .h5, .tflite and fully quantized .tflite, each in its own folder."""
    import tensorflow as tf

    paths = {}
    for kind in ("keras", "h5", "tflite", "int8"):
        path = folder / kind / f"{name}.{'tflite' if kind == 'int8' else kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        paths[kind] = path
    model.save(paths["keras"])
    model.save(paths["h5"])
    saved = folder / "saved"
    model.export(saved, format="tf_saved_model", verbose=False)
    for kind in ("tflite", "int8"):
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
        if kind == "int8":
            rng = np.random.default_rng(2)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda rng=rng: (
                [rng.random((1, 28, 28, 1), np.float32)] for _ in range(50)
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
            converter.inference_output_type = tf.uint8
        paths[kind].write_bytes(converter.convert())
    return paths


def write_own_card(weights: Path, classes: str | list[str] = ALNUM36, **keys) -> Path:
    path = weights.with_suffix(".json")
    path.write_text(json.dumps({"classes": classes, "scaling": "0..1", **keys}))
    return path
