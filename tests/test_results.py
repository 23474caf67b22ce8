"""Values of different types are never equal, even with equal fields."""

from __future__ import annotations

import itertools
import operator

import pytest

from shared.errors import GenerationFailed
from shared.results import Failed, Finished, Output, Queued, Running, Submitted, Succeeded

ERROR = GenerationFailed("It broke.")
ALIKE: list[tuple[object, ...]] = [
    (Queued(), Running(), (None, None)),
    (Queued(3), Running(3), (3, None)),
    (Queued(3, 1.5), Running(3, 1.5), (3, 1.5)),
    (Succeeded(()), Failed(()), ((),)),  # type: ignore[arg-type]  # nothing else gives both the same fields
    (Succeeded((Output("a"),)), ((Output("a"),),)),
    (Failed(ERROR), (ERROR,)),
    (Submitted(()), Finished(()), ((), "")),
    (Submitted((), "a cat"), Finished((), "a cat"), ((), "a cat")),
]
PAIRS = [pair for group in ALIKE for pair in itertools.permutations(group, 2)]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=map(repr, PAIRS))
def test_values_of_different_types_differ(one: object, other: object) -> None:
    assert operator.ne(one, other)
    assert not operator.eq(one, other)
    assert len({one, other}) == 2


@pytest.mark.parametrize("value", [group[0] for group in ALIKE], ids=repr)
def test_values_of_one_type_go_by_their_fields(value: Queued | Succeeded | Failed | Submitted) -> None:
    twin = type(value)(*value)
    assert twin is not value
    assert operator.eq(twin, value)
    assert not operator.ne(twin, value)
    assert len({twin, value}) == 1


def test_a_changed_field_makes_a_status_another_one() -> None:
    assert Queued(3) != Queued(4)
    assert [Queued(3)] != [Queued(4)]
    assert Running(50, 1.0)._replace(check_after=None) == Running(50)
