"""What a benchmark found: one line of the table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Aim(NamedTuple):
    bound: float
    at_least: bool

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


def at_most(bound: float) -> Aim:
    return Aim(bound, at_least=False)


def at_least(bound: float) -> Aim:
    return Aim(bound, at_least=True)


class Figure(NamedTuple):
    """`rounds` are the ratios (or what `unit` says), one from each round; their median is the figure.

    `source` tells the absolute figures behind it.
    """

    part: str
    what: str
    rounds: Sequence[float]
    source: str
    aim: Aim | None = None
    unit: str = ""

    @property
    def value(self) -> float:
        return median(self.rounds)

    def __str__(self) -> str:
        value = f"{_short(self.value)}{self.unit}"
        spread = f"{_short(min(self.rounds))}..{_short(max(self.rounds))}"
        aim = str(self.aim or "")
        verdict = ("yes" if self.aim.holds(self.value) else "NO") if self.aim else ""
        return _line(self.part, self.what, value, spread, aim, verdict, self.source)


def heading() -> str:
    return _line("part", "what", "figure", "rounds", "aim", "holds", "from")


def _line(part: str, what: str, value: str, spread: str, aim: str, verdict: str, source: str) -> str:
    return f"{part:8} {what:38} {value:>9} {spread:>13}  {aim:8} {verdict:5} {source}".rstrip()


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
