"""Imports flow one way, and what is heavy is imported late."""

import ast
import configparser
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcr_batch.fingerprints import READING_CODE

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hcr_batch"
LEVELS = (
    {"errors"},
    {"alphabet", "config", "processes", "timing", "types"},
    {"arrays", "fingerprints", "geometry", "probabilities"},
    {"documents", "inference", "results"},
    {"journal", "preprocess"},
    {"segmentation"},
    {"layout"},
    {"characters"},
    {"recognition"},
    {"forms"},
    {"decoding"},
    {"pipeline"},
    {"evaluation", "scan", "web"},
    {"editor", "review", "server", "training"},
    {"cli"},
)
"""A room imports from itself and from those of earlier levels; so no two import each other."""

DISTRIBUTIONS = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "cv2": "opencv-python-headless",
    "fontTools": "fonttools",
    "skimage": "scikit-image",
    "stdnum": "python-stdnum",
}
"""Packages whose name for pip is not the one that is imported."""

TENSORFLOW_USERS = {"training", "inference/keras_backend.py"}
FLASK_USERS = {"editor", "review", "server", "web"}


def modules() -> list[Path]:
    return sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or later."""
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def level(part: str) -> int:
    return next(index for index, parts in enumerate(LEVELS) if part in parts)


def imported_modules(path: Path) -> set[Path]:
    """The modules of the program that a file imports, later ones too."""
    names = (name for name in imported(path) if name.startswith("hcr_batch."))
    return {Path(*name.split(".")[1:]).with_suffix(".py") for name in names} & set(modules())


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_flow_one_way(path):
    part = path.parts[0].removesuffix(".py")
    if part in ("__init__", "__main__"):
        return
    parts = {name.split(".")[1] for name in imported(path) if name.startswith("hcr_batch.")}
    others = parts - {"__version__", part}
    assert not {other for other in others if level(other) >= level(part)}


def test_no_modules_import_each_other():
    """Not even late, and not by way of others: what is left last imports nothing that is left."""
    left = {path: imported_modules(path) for path in modules()}
    while ends := {path for path, others in left.items() if not others & left.keys()}:
        left = {path: others for path, others in left.items() if path not in ends}
    assert not left


def test_no_module_and_no_class_has_a_name_that_another_room_has():
    """Whoever reads a name of either knows where it stands."""
    places = defaultdict(set)
    for path in modules():
        places[path.stem].add(path.parent)
        for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(path)
    del places["__init__"]
    assert not {name: found for name, found in places.items() if len(found) > 1}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_only_training_and_the_keras_backend_import_tensorflow(path):
    roots = {name.split(".")[0] for name in imported(path)}
    if not {path.as_posix(), path.parts[0]} & TENSORFLOW_USERS:
        assert not roots & {"tensorflow", "keras"}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_only_what_answers_browsers_imports_flask(path):
    roots = {name.split(".")[0] for name in imported(path)}
    if path.parts[0] not in FLASK_USERS:
        assert not roots & {"flask", "waitress", "werkzeug"}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_only_the_cluster_engine_imports_ray(path):
    roots = {name.split(".")[0] for name in imported(path)}
    assert "ray" not in roots or path.as_posix() == "scan/ray_engine.py"


def test_every_package_is_installed():
    """setup.cfg lists packages by name; one that is forgotten would miss in the wheel."""
    listed = (ROOT / "setup.cfg").read_text(encoding="utf-8").split("packages =")[1]
    for folder in {path.parent for path in modules()}:
        name = ".".join(("hcr_batch", *folder.parts))
        assert f"\n    {name}\n" in listed


def test_setup_lists_exactly_what_is_imported():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    lists = setup["options"]["install_requires"], *(extras[name] for name in set(extras) - {"test"})
    required = {re.match(r"[\w-]+", line)[0] for text in lists for line in text.split("\n") if line}
    roots = {name.split(".")[0] for path in modules() for name in imported(path)}
    others = roots - set(sys.stdlib_module_names) - {"hcr_batch"}
    assert {DISTRIBUTIONS.get(name, name) for name in others} == required


@pytest.mark.parametrize(
    "command", [(), *((path.stem,) for path in PACKAGE.glob("cli/[a-z]*.py"))], ids=" ".join
)
def test_help_imports_nothing_heavy(command):
    arguments = [*command, "--help"]
    program = (
        "import sys\nfrom hcr_batch.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'cv2', 'pandas', 'tensorflow', 'PIL', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_only_workers_of_a_scan_import_what_reads_pages():
    """What the parent imported beside would be most of the time that a short run takes."""
    program = (
        "import sys, hcr_batch.scan.run\n"
        "print(sorted({'numpy', 'cv2', 'PIL', 'ai_edge_litert'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_only_known_forms_need_scipy_and_what_looks_for_them():
    """The one is a quarter of the installation, the other a tenth of what a worker imports."""
    program = (
        "import sys\nfrom hcr_batch import load_recognizer, scan_document\n"
        "scan_document(sys.argv[1], load_recognizer())\n"
        "others = {'scipy', 'pandas', 'openpyxl', 'flask', 'hcr_batch.forms.matching_form'}\n"
        "print(sorted(others & set(sys.modules)))"
    )
    form = ROOT / "samples" / "forms" / "payment-slip.png"
    done = subprocess.run([sys.executable, "-c", program, form], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--out", "r.csv"), 0, "1 new"),
        (
            ("--out", "r.csv", "--template", ROOT / "configs" / "forms"),
            *(2, "--template needs what is not installed; run: pip install scipy"),
        ),
    ],
    ids=["unknown", "known"],
)
def test_without_them_forms_are_read_and_templates_refused_at_once(tmp_path, words, code, said):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules.update(scipy=None)\n"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    form = ROOT / "samples" / "forms" / "payment-slip.png"
    done = subprocess.run(
        [sys.executable, "-m", "hcr_batch", "scan", form, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert (tmp_path / "r.csv").exists() == (code == 0)


def test_the_public_interface_is_there_and_late():
    program = (
        "import sys, hcr_batch\nassert 'numpy' not in sys.modules\n"
        "from hcr_batch import load_recognizer, scan_document\n"
        "print(load_recognizer.__name__, scan_document.__name__, hcr_batch.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split()[:2] == ["load_recognizer", "scan_document"]
    with pytest.raises(AttributeError):
        __import__("hcr_batch").nothing  # noqa: B018


def test_a_change_of_any_code_that_reads_has_forms_read_again():
    """Settings are part of the key themselves; what is left out says nothing of a reading."""
    parts = {Path(part).stem for part in READING_CODE}
    before = next(index for index, level in enumerate(LEVELS) if "pipeline" in level)
    silent = {"config", "errors", "fingerprints", "journal", "processes", "timing"}
    assert parts == set().union(*LEVELS[: before + 1]) - silent


def test_the_tests_lie_as_the_program_does():
    """Whoever changes a room knows where its tests are."""
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    assert folders <= {path.parent for path in modules()}
