"""The rule of a field: its characters, and what automaton or test its text must pass."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import REPORTED_AS, SYMBOLS
from hcr_batch.forms.automata import (
    Automaton,
    Machine,
    RuleError,
    accepts,
    automaton_of,
    both,
    of_length,
    of_pattern,
    of_steps,
    of_words,
    with_outer_blanks,
)
from hcr_batch.forms.checks import parse_check, readable

__all__ = ["CHARSETS", "Rule", "charset_of", "make_rule"]

CHARSETS = {
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "alnum": string.digits + string.ascii_letters,
}


@dataclass(frozen=True)
class Rule:
    """What may stand in a field.

    Attributes
    ----------
    charset : str
        The characters, in the order of the recognizer.
    automaton : Automaton, optional
        Accepts what the pattern, the check and the length allow, with blank
        cells around it; None where every text of the charset is right.
    valid : callable, optional
        A further test of a text.
    required : bool
        A blank field is a fault.
    words : bool
        The automaton holds a list of texts: no other habits of writing count.
    case : str
        What letters are reported as, one of
        :data:`~hcr_batch.config.CASES`; empty for what the
        settings say.
    """

    charset: str = CHARSETS["alnum"]
    automaton: Automaton | None = None
    valid: Callable[[str], bool] | None = None
    required: bool = False
    words: bool = False
    case: str = ""

    @property
    def is_binding(self) -> bool:
        """Whether some texts of the charset are wrong."""
        return self.automaton is not None or self.valid is not None

    def allows(self, text: str) -> bool:
        """Whether a text without outer blanks keeps the rule."""
        if self.automaton is not None and not accepts(self.automaton, text):
            return False
        return self.valid is None or self.valid(text.replace(" ", "").upper())


def charset_of(text: str) -> str:
    """The characters that a charset of a template stands for.

    Raises
    ------
    RuleError
        An explicit set holds what the recognizer cannot read.
    """
    named = CHARSETS.get(text, text)
    foreign = sorted(set(named) - set(SYMBOLS[:-1]))
    if foreign or not named:
        shown = ", ".join(repr(character) for character in foreign) or "nothing"
        raise RuleError(
            f"holds {shown}; it is one of {', '.join(CHARSETS)}, or characters of 0-9 A-Z a-z"
        )
    return "".join(symbol for symbol in SYMBOLS[:-1] if symbol in named)


def make_rule(
    charset: str,
    pattern: str = "",
    check: str = "none",
    *,
    length: int | None = None,
    blanks: bool = True,
    required: bool = False,
    folder: Path = Path(),
) -> Rule:
    """Compile the rule of a field.

    Parameters
    ----------
    charset : str
        As :func:`charset_of` gives it.
    pattern, check : str
        As in a template; empty and `none` for none.
    length : int, optional
        Number of characters, where it is known.
    blanks : bool
        Whether blanks within the text count. In a free box they do not:
        nobody can say how many there are.
    folder : Path
        Where the template lies.

    Raises
    ------
    RuleError
        A part is unusable, or no text at all would keep the rule.
    """
    parsed = parse_check(check, folder)
    machines = [of_length(length)] if length else []
    machines += [of_pattern(pattern)] if pattern else []
    machines += [parsed.machine] if parsed.machine else []
    if parsed.words is not None:
        automaton = _of_words(parsed.words, charset, machines, blanks)
    elif machines:
        automaton = _of_machines(machines, charset, blanks)
    else:
        automaton = None
    if parsed.valid is not None and automaton is None:
        automaton = _of_machines([_stripped()], charset, blanks)
    return Rule(charset, automaton, parsed.valid, required, parsed.words is not None)


def _of_words(
    words: tuple[str, ...], charset: str, machines: list[Machine], blanks: bool
) -> Automaton:
    kept = [
        word
        for word in readable(words, charset, blanks)
        if all(accepts(machine, word) for machine in machines)
    ]
    if not kept:
        raise RuleError("no entry can be written with this charset, pattern and length")
    return with_outer_blanks(of_words(_one_a_shape(kept)))


def _of_machines(machines: list[Machine], charset: str, blanks: bool) -> Automaton:
    whole = machines[0]
    for machine in machines[1:]:
        whole = both(whole, machine)
    whole = both(whole, _stripped())
    allowed = np.array([s in charset or (blanks and s == " ") for s in SYMBOLS])
    automaton = automaton_of(_one_case(whole), allowed)
    if not _any_accepted(automaton):
        raise RuleError("no text keeps charset, pattern, check and length together")
    return with_outer_blanks(automaton)


def _one_case(machine: Machine) -> Machine:
    """Without the small letters that look like a capital which does as well."""
    table = machine.table.copy()
    for small, capital in REPORTED_AS.items():
        upper, lower = SYMBOLS.index(capital), SYMBOLS.index(small)
        table[table[:, lower] == table[:, upper], lower] = -1
    return Machine(table, machine.start, machine.accepting)


def _one_a_shape(words: list[str]) -> list[str]:
    """Without the words that look like one before them, but for the case."""
    alike = str.maketrans(REPORTED_AS)
    return list({word.translate(alike): word for word in reversed(words)}.values())[::-1]


def _stripped() -> Machine:
    """All texts without a blank at their ends."""

    def follow(state: tuple[int, ...], symbol: str) -> tuple[int, ...] | None:
        if symbol != " ":
            return (1,)
        return (2,) if state[0] else None

    return of_steps((0,), follow, lambda state: state[0] == 1)


def _any_accepted(automaton: Automaton) -> bool:
    reached, waiting = {automaton.start}, [automaton.start]
    while waiting:
        state = waiting.pop()
        if automaton.accepting[state]:
            return True
        new = set(automaton.target[automaton.first[state] : automaton.first[state + 1]]) - reached
        reached |= new
        waiting += new
    return False
