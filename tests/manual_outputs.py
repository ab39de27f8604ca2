"""What the manual shows of the program's own output on the samples, printed anew.

    python tests/manual_outputs.py

scans the samples and writes what is printed between `<!-- output: NAME -->` and `<!-- end -->`,
wherever a page has these. Takes a minute; `make docs` does it.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from manual_tables import ROOT, manual, table

BLOCK = re.compile(r"(<!-- output: (\w+) -->\n\n)(.*?)\n*<!-- end -->", re.DOTALL)
SPEED = re.compile(r"[\d.]+ (?=pages a second)")
"""Of this machine, busy as it may be: what stood there is kept."""


def main() -> None:
    """Renew the outputs on every page."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = printed(Path(folder))
    for path in manual():
        text = path.read_text(encoding="utf-8")
        renewed = BLOCK.sub(lambda block: renew(block, outputs), text)
        if renewed != text:
            path.write_text(renewed, encoding="utf-8")
            print(path.relative_to(ROOT))


def renew(block: re.Match[str], outputs: dict[str, str]) -> str:
    """A block with its output as it is now, but the speed as measured on an idle machine."""
    output, before = outputs[block[2]], SPEED.search(block[3])
    return f"{block[1]}{SPEED.sub(before[0], output) if before else output}\n\n<!-- end -->"


def printed(folder: Path) -> dict[str, str]:
    """What commands print, by the name of the block."""
    forms, truth = ROOT / "samples" / "forms", ROOT / "samples" / "truth.csv"
    said = run(folder, "scan", str(forms), "--fields", "fields.csv").stderr.strip()
    summary = said.splitlines()[-4:]
    score = run(folder, "score", "results.csv", "--truth", str(truth)).stdout
    template = ("--template", str(ROOT / "configs" / "forms" / "membership.toml"))
    known = ("scan", str(forms / "membership.png"), *template, "--out", "known.csv")
    run(folder, *known, "--fields", "known_fields.csv", "--quiet")
    return {
        "summary": indented(summary),
        "first": indented([line for line in summary if not line.startswith("fields: ")]),
        "score": f"```text\n{score.strip()}\n```",
        "fields": fields_table(folder / "known_fields.csv"),
    }


def fields_table(path: Path) -> str:
    """The one row of a table of fields, turned: a row a field."""
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    names = [name.removesuffix(".flagged") for name in row if name.endswith(".flagged")]
    rows = [(name, row[name], row[f"{name}.confidence"], row[f"{name}.flagged"]) for name in names]
    return table(("field", "text", "confidence", "flagged"), rows)


def indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hcr_batch", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )


if __name__ == "__main__":
    main()
