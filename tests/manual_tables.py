"""The tables of the manual that are made from the cards of the models.

    python tests/manual_tables.py

writes them anew between `<!-- table: NAME -->` and `<!-- end -->`, wherever a page has these.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "models" / "default"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n\n)(.*?)\n*<!-- end -->", re.DOTALL)

SETS = {
    "cell_digits": "digits in boxes of scanned forms",
    "mnist_test": "MNIST test, digits",
    "form_capitals_weak": "capitals in name fields of scanned forms (labelled by machine)",
    "az_kaggle_sample": "Kaggle A-Z, capitals",
    "emnist_balanced_part": "EMNIST Balanced, all characters",
    "unipen": "UNIPEN, new writers, all characters",
    "chars74k_hnd": "Chars74K, tablet, all characters",
}
"""What the sets of the card are, for somebody who does not know them."""

SHORT = ("cell_digits", "form_capitals_weak", "emnist_balanced_part")
"""Those that README shows."""

CHARSETS = {"alnum": "all characters", "upper": "capitals", "lower": "small letters"}


def manual() -> list[Path]:
    """The pages that may hold tables."""
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]


def filled(text: str) -> str:
    """The same page with its tables as the cards have them."""
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}\n\n<!-- end -->", text)


def accuracy_table() -> str:
    """What the recognizer reaches on each set: share read right, calibration error."""
    metrics = card()["metrics"]
    rows = []
    for name, what in SETS.items():
        if name in metrics:
            found = _narrowest(metrics[name])
            count = f"{found['samples']:,}"
            rows.append((what, count, _percent(found["accuracy"], 2), _error(found)))
    head = ("characters of people, or whole sets, not learned from", "number", "% right")
    return table((*head, "calibration error, %"), rows)


def short_table() -> str:
    """The few of them that README shows."""
    metrics = card()["metrics"]
    rows = [(SETS[name], _percent(_narrowest(metrics[name])["accuracy"])) for name in SHORT]
    return table(("characters of people, or whole sets, not learned from", "% right"), rows)


def threshold_table() -> str:
    """How much is accepted at which share of errors, by charset."""
    thresholds = card()["thresholds"]
    targets = [entry["target_error"] for entry in thresholds["alnum"]]
    rows = [
        (CHARSETS.get(charset, charset), *(_percent(entry["accept_rate"]) for entry in entries))
        for charset, entries in thresholds.items()
    ]
    return table(("% accepted, at most wrong", *(f"{100 * t:g} %" for t in targets)), rows)


def segmenter_table() -> str:
    """What the page segmentation reaches at the pixel, by channel."""
    metrics = card("segmenter.json")["metrics"]
    rows = [
        (name, *(_percent(values[key]) for key in ("precision", "recall", "f1")))
        for name, values in metrics.items()
        if "f1" in values
    ]
    return table(("channel", "precision, %", "recall, %", "F1, %"), rows)


def line_table() -> str:
    """What the line reader reaches, alone and beside the reading of its cut characters."""
    found = card("line_reader.json")["with_cuts"]
    keys = ("cut", "whole", "agree", "right_where_agreed")
    rows = [(name, *(_percent(values[key]) for key in keys)) for name, values in found.items()]
    head = "% of strings right|cut into characters|read whole|both agree|right where so"
    return table(tuple(head.split("|")), rows)


TABLES = {
    "accuracy": accuracy_table,
    "line": line_table,
    "segmenter": segmenter_table,
    "short": short_table,
    "thresholds": threshold_table,
}


def card(name: str = "card.json") -> dict[str, Any]:
    """A card of the model that comes with the program."""
    return json.loads((MODEL / name).read_text(encoding="utf-8"))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("| --- ", "|---") for line in lines)


def _narrowest(metrics: dict[str, Any]) -> dict[str, Any]:
    """Of what was measured of a set: under its own charset, where it has one."""
    return next((metrics[key] for key in ("digits", "upper", "lower") if key in metrics), None) or (
        metrics["alnum"]
    )


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def _error(found: dict[str, Any]) -> str:
    return _percent(found["calibration_error"])


if __name__ == "__main__":
    for path in manual():
        text = path.read_text(encoding="utf-8")
        if filled(text) != text:
            path.write_text(filled(text), encoding="utf-8")
            print(path.relative_to(ROOT))
