"""What each installed package takes on disk, in MB of 10^6 bytes, its bytecode included.

    python3 -m venv fresh && fresh/bin/pip install .
    fresh/bin/python tests/benchmarks/bench_install.py

Says beside each which others ask for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.metadata import Distribution, distributions
from importlib.util import cache_from_source
from pathlib import Path


def main() -> None:
    installed = {plain(one.metadata["Name"]): one for one in distributions()}
    asked: dict[str, set[str]] = defaultdict(set)
    for name, one in installed.items():
        for line in one.requires or ():
            if "extra ==" not in line:
                asked[plain(re.match(r"[\w.-]+", line)[0])].add(name)
    sizes = {name: megabytes(one) for name, one in installed.items()}
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        print(f"{size:7.1f}  {name}  {', '.join(sorted(asked[name]))}".rstrip())
    print(f"{sum(sizes.values()):7.1f}  all")


def plain(name: str) -> str:
    """A name as the registry has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def megabytes(one: Distribution) -> float:
    """Its files, and what Python made of those: not every pip lists that."""
    files = {Path(one.locate_file(file)).resolve() for file in one.files or ()}
    compiled = {Path(cache_from_source(file)) for file in files if file.suffix == ".py"}
    return sum(path.stat().st_size for path in files | compiled if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
