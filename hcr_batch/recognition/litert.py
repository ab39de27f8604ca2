"""Networks run by LiteRT: small, quick to start, no TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from hcr_batch.errors import ModelError

__all__ = ["CHUNK", "LiteRTNetwork"]

CHUNK = 64
"""Glyphs in one call of the interpreter; more gains no speed."""


class LiteRTNetwork:
    """A .tflite file as a function from glyphs uint8 (N, 28, 28) to logits float32 (N, 64).

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
        try:
            # From memory: the interpreter needs no open file, and paths of any script work.
            self._interpreter = Interpreter(model_content=path.read_bytes(), num_threads=threads)
            with _silent_stderr():
                self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]
            self._output = self._interpreter.get_output_details()[0]
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: LiteRT cannot load it ({error}); restore it") from error
        self._rows = 0

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        width = int(self._output["shape"][-1])
        logits = np.empty((len(glyphs), width), np.float32)
        for start in range(0, len(glyphs), CHUNK):
            chunk = glyphs[start : start + CHUNK]
            logits[start : start + len(chunk)] = self._run(chunk)
        return logits

    def _run(self, chunk: np.ndarray) -> np.ndarray:
        if len(chunk) != self._rows:
            self._interpreter.resize_tensor_input(self._input["index"], (len(chunk), 28, 28, 1))
            self._interpreter.allocate_tensors()
            self._rows = len(chunk)
        self._interpreter.set_tensor(self._input["index"], chunk[..., None].astype(np.float32))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output["index"])


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
