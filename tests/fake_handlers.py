"""Factories of handlers, in a module that worker processes can import."""

import os
import time
from dataclasses import dataclass

from hcr_batch.errors import ModelError

__all__ = [
    "Counter",
    "DiesAtOnce",
    "Double",
    "Echo",
    "Printer",
    "Raiser",
    "Sleeper",
    "Taker",
    "WithoutModel",
]


@dataclass(frozen=True)
class Double:
    """Doubles numbers; dies of negative ones."""

    def __call__(self):
        return self._double

    def _double(self, number: int) -> int:
        if number < 0:
            os._exit(3)
        return 2 * number


class Counter:
    """Counts as far as it is told without ever letting another thread of its process run."""

    def __call__(self):
        return lambda number: sum(range(number))


class Raiser:
    """Raises what it is given."""

    def __call__(self):
        return self._raise

    def _raise(self, error: Exception) -> None:
        raise error


class Echo:
    """Gives back what it is given."""

    def __call__(self):
        return lambda task: task


class Printer:
    """Prints on standard output and reads standard input, from C's side too."""

    def __call__(self):
        return self._print

    def _print(self, text: str) -> str:
        print(text, flush=True)
        os.write(1, text.encode())
        os.write(2, b"from C")
        return os.read(0, 10).decode()


@dataclass(frozen=True)
class WithoutModel:
    def __call__(self):
        raise ModelError("models/default: damaged; restore it")


@dataclass(frozen=True)
class DiesAtOnce:
    def __call__(self):
        os._exit(1)


@dataclass(frozen=True)
class Sleeper:
    """Returns for 0 at once, for all else after an hour."""

    def __call__(self):
        return lambda number: time.sleep(3600 if number else 0)


class Taker:
    """Takes as many megabytes as a task says, if it may."""

    def __call__(self):
        return self._take

    def _take(self, megabytes):
        try:
            return len(bytearray(megabytes << 20)) >> 20
        except MemoryError:
            return "refused"
