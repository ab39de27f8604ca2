"""Nothing that is read can run: no pickles, no evaluated texts, no shells, Keras' safe mode."""

import ast
import io
import zipfile
from pathlib import Path

import pytest

import hcr_batch
from hcr_batch.errors import ModelError

SOURCES = sorted(Path(hcr_batch.__file__).parent.rglob("*.py"))
RUNNERS = {"eval", "exec", "compile", "__import__"}
PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
OWN_PIPES = {"processes.py": ["pickle"]}
"""Reads what a process that the run itself started sends it, as multiprocessing would; no file."""
UNSAFE = {("allow_pickle", True), ("shell", True), ("safe_mode", False)}


def faults(tree: ast.Module) -> list[str]:
    """Calls and imports that could run what a file holds."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in PICKLERS]
        elif isinstance(node, ast.ImportFrom) and node.module in PICKLERS:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in RUNNERS:
                found.append(node.func.id)
            found += [
                f"{word.arg}={word.value.value}"
                for word in node.keywords
                if isinstance(word.value, ast.Constant) and (word.arg, word.value.value) in UNSAFE
            ]
    return found


@pytest.mark.parametrize(
    "code", ["import pickle", "eval(x)", "load(x, allow_pickle=True)", "run(x, shell=True)"]
)
def test_what_could_run_a_file_is_found(code):
    assert faults(ast.parse(code))


def test_no_source_runs_what_it_reads():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert len(trees) > 50
    assert {path.name: faults(tree) for path, tree in trees.items() if faults(tree)} == OWN_PIPES


LAMBDA_MODEL = """
import keras
made = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Lambda(lambda x: __import__("pathlib").Path("MARK").touch() or x),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
"""


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_model_that_holds_code_is_refused_and_not_run(tmp_path, ending):
    pytest.importorskip("keras")
    from hcr_batch import load_recognizer

    mark, weights = tmp_path / "mark", tmp_path / f"own.{ending}"
    names: dict = {}
    exec(LAMBDA_MODEL.replace("MARK", str(mark)), names)
    mark.unlink(missing_ok=True)
    names["made"].save(weights)
    mark.unlink(missing_ok=True)
    (tmp_path / "own.json").write_text('{"classes": "0123456789", "scaling": "0..1"}')
    with pytest.raises(ModelError, match=r"own\.(keras|h5): Keras cannot load it"):
        load_recognizer(weights)
    assert not mark.exists()


def test_sets_that_hold_pickles_are_refused(tmp_path):
    import numpy as np

    held = io.BytesIO()
    np.save(held, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
        for name in ("images", "labels"):
            archive.writestr(f"{name}.npy", held.getvalue())
    from click.testing import CliRunner

    from hcr_batch.cli.evaluate import evaluate

    result = CliRunner().invoke(evaluate, ["--data", str(tmp_path)])
    assert result.exit_code != 0
    assert "allow_pickle" in str(result.exception) or "evil" in str(result.exception)
