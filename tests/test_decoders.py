"""What others have made is decoded in processes with limits of memory and time alone."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "hcr_batch"

DECODERS = {"open_pages", "read_picture", "imread", "imdecode", "PdfDocument"}
"""Functions that decode; so does `Image.open`."""

LIMITED = {
    "scan/worker.py": "a worker of a scan",
    "scan/form_reader.py": "a worker of a scan",
    "decoding/single_characters.py": "called by LimitedReader",
    "forms/draft.py": "called by LimitedReader",
    "editor/laid_form.py": "called by LimitedReader",
    "forms/imprint.py": "what a template holds, of the size that its page has",
    "training/datasets/folders.py": "called by LimitedReader",
    "pipeline.py": "scan_document, which says that it has no limits",
    "training/classifier/distortions.py": "what it has packed itself",
    "training/synthesis/paper.py": "what it has packed itself",
    "training/datasets/corrected_cells.py": "pictures of cells, from the journal",
    "training/synthesis/vector_layers.py": "blank forms to learn from, chosen by who trains",
}
"""Modules that decode beside those of `documents`, and where."""


def decodes(path: Path) -> bool:
    calls = (
        node.func
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    return any(
        ast.unparse(call).split(".")[-1] in DECODERS or ast.unparse(call) == "Image.open"
        for call in calls
    )


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_only_processes_with_limits_decode(path):
    name = path.relative_to(PACKAGE).as_posix()
    assert not decodes(path) or name in LIMITED or name.startswith("documents/")


def test_what_is_excepted_decodes():
    assert all(decodes(PACKAGE / name) for name in LIMITED)
