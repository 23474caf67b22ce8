"""What instances share, as far as they share anything: cooldowns and the jobs that repeated requests join."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from shared.errors import EaselError, StoreUnavailable
from shared.state.dynamodb import DynamoState
from shared.state.memory import MemoryState

_log = logging.getLogger(__name__)

__all__ = ["DynamoState", "MemoryState", "State", "if_possible"]


class State(Protocol):
    """Small texts that may vanish at any time; `ttl` is in seconds.

    Each call may raise StoreUnavailable, where the texts are kept outside of this process and cannot be reached, or
    Misconfigured, where they never will be. `shared` says whether other instances see them.
    """

    shared: ClassVar[bool]

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str, ttl: float) -> None: ...

    async def add(self, key: str, value: str, ttl: float) -> bool:
        """Put it unless something is there; False where something is."""

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        """Put `new` in the place of `old`; False where something else is there, or nothing."""

    async def remove(self, key: str, value: str) -> None:
        """Remove the text if it is still `value`: a delete that is repeated late must not hit another writer's text."""


@contextmanager
def if_possible(error: type[EaselError] = StoreUnavailable) -> Iterator[None]:
    """For what can be done without: this error ends the block with a warning in the log, and no more."""
    try:
        yield
    except error as caught:
        _log.warning("going on without what instances share: %s", caught.message)
