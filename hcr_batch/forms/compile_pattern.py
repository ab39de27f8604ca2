"""Turns a regular expression into a table: JSON in, JSON out, in a process of its own.

Some patterns make automata that grow without end, and nothing but the end of
the process stops the library: it ends itself after a given time of the processor.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from interegular import InvalidSyntax, Unsupported, parse_pattern

__all__ = ["compile_pattern"]


def compile_pattern(pattern: str, symbols: str) -> tuple[list[list[int]], int, list[int]]:
    """The next state by state and symbol (-1 for none), the first state, and those that accept.

    Raises
    ------
    InvalidSyntax, Unsupported
        The pattern is malformed, or no automaton can do what it asks.
    """
    machine = parse_pattern(pattern).to_fsm()
    table = [
        [machine.map.get(state, {}).get(machine.alphabet[symbol], -1) for symbol in symbols]
        for state in sorted(machine.states)
    ]
    return table, machine.initial, sorted(machine.finals)


def _limit(seconds: int) -> None:
    """End this process once it has used so much of the processor, however busy the machine is."""
    with suppress(ModuleNotFoundError):  # Windows: the caller's patience is the only limit
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _main() -> None:
    request = json.load(sys.stdin)
    _limit(request.pop("seconds"))
    try:
        json.dump(compile_pattern(**request), sys.stdout)
    except (InvalidSyntax, Unsupported) as error:
        kind = "malformed" if isinstance(error, InvalidSyntax) else "beyond automata"
        json.dump(": ".join(filter(None, (kind, str(error)))), sys.stdout)


if __name__ == "__main__":
    _main()
