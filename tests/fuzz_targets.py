"""What of the program reads what others have written, and inputs that should not get it down.

A target takes bytes and either reads or refuses them. Refusing means one line
for a person, by an error of the program or an answer below 500; everything
else that comes out is a defect.
"""

import dataclasses
import json
import tempfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hostile_files import SEEDS, mutated
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from journal_maker import SmallScan
from review_maker import make_scan

from hcr_batch import load_recognizer
from hcr_batch.config import data_folder, load_settings
from hcr_batch.documents import MemoryFile, open_pages
from hcr_batch.errors import HcrError
from hcr_batch.evaluation.score_tables import read_results, read_truth
from hcr_batch.forms.rules import RuleError, make_rule
from hcr_batch.forms.template_files import load_template
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.journal_status import journal_status
from hcr_batch.journal.outputs import Outputs
from hcr_batch.recognition.custom_models import full_card, read_custom_card
from hcr_batch.recognition.model_card import read_card
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_app import review_app
from hcr_batch.review.review_session import ReviewRequest, ReviewSession
from hcr_batch.server.serve_app import ServeLimits, make_app

__all__ = ["CORPUS", "TARGETS", "Target", "make_target"]

CORPUS = Path(__file__).parent / "fuzz_corpus"
"""Inputs kept by target: every one was a defect once, or is of a kind that is easily one."""

AWKWARD = (
    *('""', "''", '"""', "[]", "{}", "[[1]]", "[{}]", "{a = 1}", '{"a": 1}', "null", "true"),
    *("nan", "-inf", "1e400", "0", "-1", "0.5", "1979-05-27", "07:32:00", "[nan, 1, 2, 3]"),
    *("9" * 5000, "[" * 3000, '{"a":' * 3000, '"\\ud800"', '"\\u0000"', "\ufeff", "\x00", "\r"),
)
"""Values that parsers of TOML, JSON and CSV trip over."""

TEMPLATE = """name = "card"
page = { width_mm = 100, height_mm = 50 }
[[field]]
name = "number"
kind = "comb"
box = [5.0, 5.0, 60.0, 8.0]
cells = 8
charset = "digits"
check = "luhn"
required = true
[[field]]
name = "name"
kind = "free"
box = [5.0, 20.0, 60.0, 8.0]
charset = "upper"
[[field]]
name = "yes"
kind = "check"
box = [5.0, 35.0, 5.0, 5.0]
"""
TRUTH = (
    "file,page,field,x,y,width,height,text\r\na.png,1,f001,10,10,90,20,ANNA\r\n"
    "b.png,2,,,,,,7\r\n"
)
RESULTS = (
    "file,page,field,position,x,y,width,height,character,confidence,flagged,reasons,alternatives"
    "\r\na.png,1,f001,1,10,10,20,20,A,0.9876,false,,\r\na.png,1,f001,2,30,10,20,20,8,0.5,true,"
    "low_confidence,B:0.3000 3:0.1000\r\n"
)
OWN_CARD = """{
"classes": "0123456789",
"ink": "light",
"scaling": "0..1",
"temperature": 1.5,
"thresholds":
{"digits": [{"target_error": 0.005, "threshold": 0.95, "accept_rate": 0.9, "error_bound": 0.01}]}
}"""


@dataclass(frozen=True)
class Target:
    """Inputs, and what takes one: True where it is read, False where it is refused."""

    inputs: SearchStrategy[bytes]
    read: Callable[[bytes], bool]


def bytes_like(*seeds: bytes) -> SearchStrategy[bytes]:
    """Seeds with some of their bytes changed, cut or repeated."""
    numbers = st.integers(0, 2**32 - 1)
    return st.builds(
        lambda seed, number: mutated(seed, np.random.default_rng(number)),
        st.sampled_from(seeds),
        numbers,
    )


def lines_like(seed: str) -> SearchStrategy[bytes]:
    """A text as it is, or with some of its lines changed, left out, repeated or put in."""
    lines = seed.splitlines(keepends=True)
    values = st.one_of(
        st.sampled_from(AWKWARD),
        st.text(max_size=20),
        st.integers().map(str),
        st.floats().map(repr),
    )
    edit = st.tuples(st.integers(0, len(lines) - 1), st.sampled_from("vvvvdri"), values)
    return st.lists(edit, max_size=4).map(lambda edits: _edited(lines, edits))


def _edited(lines: list[str], edits: list[tuple[int, str, str]]) -> bytes:
    changed = list(lines)
    for place, kind, value in edits:
        place %= len(changed)
        if kind == "v":
            changed[place] = _with_value(changed[place], value)
        elif kind == "d" and len(changed) > 1:
            del changed[place]
        else:
            changed.insert(place, changed[place] if kind == "r" else value)
    return "".join(changed).encode("utf-8", "surrogatepass")


def _with_value(line: str, value: str) -> str:
    """The line with what follows its first `=`, `:` or comma replaced."""
    for mark in ("=", ":", ","):
        if mark in line:
            name, _, old = line.partition(mark)
            comma = "," if old.rstrip().endswith(",") else ""
            return f"{name}{mark} {value}{comma}\n"
    return value


def _document(_: Path) -> Target:
    settings = dataclasses.replace(load_settings().documents, max_megapixels=4.0)

    def read(content: bytes) -> bool:
        for page in open_pages(MemoryFile("input", content), settings):
            assert page.gray.dtype == np.uint8
            assert page.gray.size <= 4.1e6  # drawn pages are rounded up to whole pixels
        return True

    return Target(bytes_like(*SEEDS.values()), _refusing(read))


def _of_file(name: str, seed: str, parse: Callable[[Path], object]) -> Callable[[Path], Target]:
    """A target that reads a file of this name."""

    def make(folder: Path) -> Target:
        def read(content: bytes) -> bool:
            (folder / name).write_bytes(content)
            parse(folder / name)
            return True

        inputs = st.one_of(lines_like(seed), bytes_like(seed.encode()))
        return Target(inputs, _refusing(read))

    return make


def _pattern(_: Path) -> Target:
    def read(content: bytes) -> bool:
        try:
            make_rule("0123456789ABC", content.decode("utf-8", "replace"), length=6)
        except RuleError as error:
            return _refused(error)
        return True

    text = st.text("ab1-9[](){}|*+?.,\\^$dw", max_size=30)
    return Target(text.map(str.encode), read)


def _journal(folder: Path) -> Target:
    made = SmallScan.made(folder)

    def read(content: bytes) -> bool:
        made.restore(content)
        made.run()
        with open_journal(made.journal) as journal:
            journal_status(journal)
            for cell in journal.cells.due():
                journal.cells.picture(cell.place)
                journal.corrections.latest(cell.place)
        return True

    return Target(bytes_like(made.journal.read_bytes()), _refusing(read))


def _predict(_: Path) -> Target:
    limits = ServeLimits(max_mb=1.0, max_megapixels=4.0)
    app = make_app(load_recognizer(), load_settings(), limits, {"localhost"})
    client = app.test_client()
    picture = b64encode(SEEDS["gray.png"]).decode()
    body = f'{{\n"image_data": "data:image/png;base64,{picture}",\n"x": 1\n}}'

    def read(content: bytes) -> bool:
        is_json = content.lstrip()[:1] in b"{["
        kind = "application/json" if is_json else "application/octet-stream"
        return _answered(client.post("/predict", data=content, content_type=kind))

    return Target(st.one_of(lines_like(body), bytes_like(body.encode())), read)


def _review(folder: Path) -> Target:
    made = make_scan(folder, {"number": ("17_4", "71_4")}, sure="4")
    session = ReviewSession(ReviewRequest(journal_path(made.results), Outputs(made.results)))
    pictures = PagePictures(load_settings())
    hosts = frozenset({"localhost"})
    client = review_app(session, pictures, "token", hosts, "Ada", lambda: None).test_client()
    tiles = client.post("/token/tiles", json={"client": "w", "size": 9}).json["cells"]
    answer = {"key": tiles[0]["key"], "kind": "character", "character": "7", "seen": 0}
    body = {"client": "w", "size": 9, "first": [], "skip": [], "after": "", "backwards": False}
    body |= {"otherField": False, "reviewer": "Ada", "answers": [answer]}
    body |= {"only": {"field": "number", "reason": "low_confidence"}, "confirmed": True}
    text = json.dumps(body, indent=1)

    def read(content: bytes) -> bool:
        sent = {"data": content, "content_type": "application/json"}
        names = ("tiles", "next", "fields", "answers", "choices", "release", "leave")
        outcomes = [_answered(client.post(f"/token/{name}", **sent)) for name in names]
        return all(outcomes)

    return Target(st.one_of(lines_like(text), bytes_like(text.encode())), read)


def _answered(answer: object) -> bool:
    if answer.status_code == 200:
        return True
    assert 400 <= answer.status_code < 500, answer.data
    assert "\n" not in answer.json["error"]
    return False


def _refusing(read: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    def attempt(content: bytes) -> bool:
        try:
            return read(content)
        except HcrError as error:
            return _refused(error)

    return attempt


def _refused(error: Exception) -> bool:
    if "\n" in str(error):
        raise AssertionError("more than one line") from error
    return False


def _own_card(path: Path) -> None:
    weights = path.with_suffix(".tflite")
    weights.touch()
    full_card(read_custom_card(path), weights)


TARGETS: dict[str, Callable[[Path], Target]] = {
    "document": _document,
    "template": _of_file("template.toml", TEMPLATE, load_template),
    "pattern": _pattern,
    "config": _of_file(
        "config.toml",
        (data_folder("configs") / "default.toml").read_text(encoding="utf-8"),
        load_settings,
    ),
    "journal": _journal,
    "card": _of_file(
        "card.json",
        (data_folder("models") / "default" / "card.json").read_text(encoding="utf-8"),
        read_card,
    ),
    "own_card": _of_file("own.json", OWN_CARD, _own_card),
    "truth": _of_file("truth.csv", TRUTH, read_truth),
    "results": _of_file("results.csv", RESULTS, read_results),
    "predict": _predict,
    "review": _review,
}
"""By name, what makes a target with a folder of its own."""


def make_target(name: str) -> tuple[Target, tempfile.TemporaryDirectory]:
    """A target, and the folder that is to be cleaned up after it."""
    folder = tempfile.TemporaryDirectory(prefix="hcr-fuzz-")
    return TARGETS[name](Path(folder.name)), folder
