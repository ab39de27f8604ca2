"""The thresholds of the program: numbers with names, found in its source, moved while it runs."""

import ast
import importlib
import math
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Threshold", "all_thresholds"]

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("preprocess", "segmentation", "layout", "characters", "decoding")
SHARE = 0.2
FIXED = re.compile(
    r"\.(\w*VERSION|GLYPH_SIZE|BORDER|SLANTS|STRIP_HEIGHT|LAYER_DPI|INPUT_DPI|MULTIPLE|EDGE|FOREIGN"
    r"|COLUMN|UNIT|CAPITAL|START|FURTHER|ZERO|ROUND|\w*STEPS_PER_NAT|STRIPS|PLAIN|MIXED)$"
)
"""What networks and files were made with, and places in arrays: nothing that could be set."""


@dataclass(frozen=True)
class Threshold:
    """A named number, or a tuple of numbers, and each module that holds it with its name there."""

    name: str
    value: float | tuple
    places: tuple[tuple[str, str], ...]

    def move(self, sign):
        """Make it 20 % larger (1) or smaller (-1), or what it was (0)."""
        value = _shifted(self.value, sign) if sign else self.value
        for module, name in self.places:
            setattr(sys.modules[module], name, value)
        _forget()


def all_thresholds():
    """Thresholds by room and module, and the names of those that cannot be moved."""
    sources = [path for room in ROOMS for path in sorted((ROOT / "hcr_batch" / room).glob("*.py"))]
    for path in sources:
        importlib.import_module(_module(path))
    trees = {
        _module(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "hcr_batch").rglob("*.py")
        if _module(path) in sys.modules
    }
    imported = _imported(trees)
    early = {module: _read_at_import(tree) for module, tree in trees.items()}
    found, used = [], []
    for module in map(_module, sources):
        for name in _assigned(trees[module]):
            value, full = getattr(sys.modules[module], name), f"{module.partition('.')[2]}.{name}"
            if not _is_number(value) or FIXED.search(full):
                continue
            places = ((module, name), *imported[module, name])
            if any(name in early[place] for place, name in places):
                used.append(full)
            else:
                found.append(Threshold(full, value, places))
    return found, used


def _module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _assigned(tree):
    """Names in capitals that a module sets."""
    for line in tree.body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        for target in targets:
            for part in getattr(target, "elts", [target]):
                if isinstance(part, ast.Name) and re.fullmatch("[A-Z][A-Z0-9_]*", part.id):
                    yield part.id


def _imported(trees):
    """Of each module and name, the modules that import it, with what it is called there."""
    found = defaultdict(list)
    for other, tree in trees.items():
        for line in ast.walk(tree):
            if isinstance(line, ast.ImportFrom):
                for alias in line.names:
                    found[line.module, alias.name].append((other, alias.asname or alias.name))
    return found


def _read_at_import(tree):
    """Names that are read while a module is imported: everywhere but inside of functions."""
    waiting, found = list(tree.body), set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if isinstance(node, ast.FunctionDef):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            waiting += node.decorator_list
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def _is_number(value):
    values = value if isinstance(value, tuple) and value else [value]
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values)


def _shifted(value, sign):
    """20 % more or less: of a whole number at least 1, of a share no more than 1."""
    if isinstance(value, tuple):
        return tuple(_shifted(one, sign) for one in value)
    if isinstance(value, int):
        return value + sign * max(1, round(SHARE * abs(value)))
    return min(value * (1 + sign * SHARE), 1.0 if 0 < value < 1 else math.inf)


def _forget():
    """Empty the caches of functions: they may hold what follows from a threshold."""
    for name, module in list(sys.modules.items()):
        if name.startswith("hcr_batch."):
            for part in list(vars(module).values()):
                if hasattr(part, "cache_clear"):
                    part.cache_clear()
