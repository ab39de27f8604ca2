"""Networks run by LiteRT: small, quick to start, no TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from hcr_batch.errors import ModelError
from hcr_batch.inference.input_shapes import shaped

__all__ = ["CHUNK", "DAMAGE", "AnySizeNetwork", "LiteRTNetwork", "load_interpreter", "quantized"]

CHUNK = 64
"""Glyphs in one call of the interpreter; more gains no speed."""


DAMAGE = (ValueError, RuntimeError, IndexError, TypeError, OverflowError)
"""What LiteRT, and arrays of shapes that make no sense, raise for damaged files."""


class LiteRTNetwork:
    """A .tflite file as a function from glyphs (N, 28, 28) to its outputs float32 (N, K).

    Parameters
    ----------
    path : Path
    threads : int

    Raises
    ------
    ModelError
        The file is no network of that form.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        self._interpreter, self._input, self._output = load_interpreter(path, threads)
        self._shape = tuple(int(size) for size in self._input["shape"][1:])
        self._rows = int(self._input["shape"][0])
        try:
            self._chunk = CHUNK if self._takes_any_batch() else self._rows
        except DAMAGE as error:
            raise unfit(self._path, "load", error) from error

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        """Logits (N, outputs) of glyphs uint8 (N, 28, 28), in chunks.

        Raises
        ------
        ModelError
            The network cannot be run: it is damaged where loading does not look.
        """
        try:
            return self._in_chunks(glyphs)
        except DAMAGE as error:
            raise unfit(self._path, "run", error) from error

    def _in_chunks(self, glyphs: np.ndarray) -> np.ndarray:
        width = int(self._output["shape"][-1])
        outputs = np.empty((len(glyphs), width), np.float32)
        for start in range(0, len(glyphs), self._chunk):
            chunk = glyphs[start : start + self._chunk]
            outputs[start : start + len(chunk)] = self._run(chunk)[: len(chunk)]
        return outputs

    def _takes_any_batch(self) -> bool:
        """Some converters fix the batch within the network; such ones run as they are."""
        try:
            self._resize(2)
            self._interpreter.invoke()
            if self._interpreter.get_tensor(self._output["index"]).shape[0] == 2:
                return True
        except DAMAGE:
            pass
        self._resize(int(self._input["shape"][0]))
        return False

    def _resize(self, rows: int) -> None:
        self._interpreter.resize_tensor_input(self._input["index"], (rows, *self._shape))
        self._interpreter.allocate_tensors()
        self._rows = rows

    def _run(self, chunk: np.ndarray) -> np.ndarray:
        if len(chunk) != self._rows and self._chunk == CHUNK:
            self._resize(len(chunk))
        inputs = quantized(shaped(chunk.astype(np.float32), self._shape), self._input)
        self._interpreter.set_tensor(self._input["index"], _padded(inputs, self._rows))
        self._interpreter.invoke()
        return _dequantized(self._interpreter.get_tensor(self._output["index"]), self._output)


class AnySizeNetwork:
    """A .tflite file as a function from one input of any size to its output.

    Parameters
    ----------
    path : Path
    threads : int
    least : tuple of int, optional
        The smallest input that it takes, where that is larger than one pixel.

    Attributes
    ----------
    input, output : dict
        Details of the two, as LiteRT gives them.

    Raises
    ------
    ModelError
        The file is missing, or no network with one input and one output.
    """

    def __init__(self, path: Path, threads: int = 1, least: tuple[int, ...] = ()) -> None:
        self._path, self._lock = path, Lock()
        self._interpreter, self.input, self.output = load_interpreter(path, threads, least)
        self._shape: tuple[int, ...] = ()

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The output, without its first axis, for an input (1, ...) in the network's own type.

        Raises
        ------
        ModelError
            The network cannot be run: it is damaged where loading does not look.
        """
        try:
            # One interpreter, perhaps many threads.
            with self._lock:
                return self._run(values)
        except DAMAGE as error:
            raise unfit(self._path, "run", error) from error

    def _run(self, values: np.ndarray) -> np.ndarray:
        if values.shape != self._shape:
            self._interpreter.resize_tensor_input(self.input["index"], values.shape)
            self._interpreter.allocate_tensors()
            self._shape = values.shape
        self._interpreter.set_tensor(self.input["index"], values)
        self._interpreter.invoke()
        result: np.ndarray = self._interpreter.get_tensor(self.output["index"])[0]
        return result


def load_interpreter(
    path: Path, threads: int, shape: tuple[int, ...] = ()
) -> tuple[Interpreter, dict[str, Any], dict[str, Any]]:
    """An interpreter with memory for its network, and the details of its input and output.

    Where the input has not the shape of the file, that is given.

    Raises
    ------
    ModelError
        The file is missing, or no network with one input and one output.
    """
    try:
        # From memory: the interpreter needs no open file, and paths of any script work.
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=threads)
        if shape:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        with _silent_stderr():
            interpreter.allocate_tensors()
        return interpreter, *_only_ends(interpreter)
    except (OSError, *DAMAGE) as error:
        raise unfit(path, "load", error) from error


def unfit(path: Path, action: str, error: Exception) -> ModelError:
    """The error of a network that LiteRT cannot `load` or `run`."""
    reason = " ".join(str(error).split())[:300]
    return ModelError(f"{path}: LiteRT cannot {action} it ({reason}); restore it")


def _only_ends(interpreter: Interpreter) -> tuple[dict[str, Any], dict[str, Any]]:
    """Details of the one input and the one output."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs, wanted is one of each")
    return inputs[0], outputs[0]


def _padded(inputs: np.ndarray, rows: int) -> np.ndarray:
    """The inputs, with empty glyphs after them where the network takes no fewer than `rows`."""
    missing = rows - len(inputs)
    return np.pad(inputs, [(0, missing)] + [(0, 0)] * (inputs.ndim - 1)) if missing else inputs


def quantized(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """Values in the type of a tensor, which may hold whole numbers in place of fractions."""
    kind, (scale, zero) = details["dtype"], details["quantization"]
    if not np.issubdtype(kind, np.integer) or not scale:
        return values.astype(kind, copy=False)
    limits = np.iinfo(kind)
    return np.clip(np.round(values / scale + zero), limits.min, limits.max).astype(kind)


def _dequantized(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    scale, zero = details["quantization"]
    if not np.issubdtype(values.dtype, np.integer) or not scale:
        return values
    return (values.astype(np.float32) - zero) * np.float32(scale)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Nothing written to descriptor 2 is seen; errors still arrive as exceptions.

    LiteRT announces its CPU delegate from C++ when it first allocates, and no
    option or environment variable of version 2 turns that off.
    """
    try:
        kept = os.dup(2)
    except OSError:  # closed, as in a process without a console: nothing to silence
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
