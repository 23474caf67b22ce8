"""State that instances may share: cooldowns, and jobs for idempotent replays."""

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
    """A store of short texts that may be lost at any time; `ttl` is in seconds.

    If the store is outside this process, each call may raise StoreUnavailable if it cannot be reached, or Misconfigured
    if it never will be. `shared` is True if other instances see the texts.
    """

    shared: ClassVar[bool]

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str, ttl: float) -> None: ...

    async def add(self, key: str, value: str, ttl: float) -> bool:
        """Store the text unless the key exists; return False if it does."""

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        """Replace `old` with `new`; return False if the text is missing or is not `old`."""

    async def remove(self, key: str, value: str) -> None:
        """Remove the text if it is still `value`: a delete that is repeated late must not hit another writer's text."""


@contextmanager
def if_possible(error: type[EaselError] = StoreUnavailable) -> Iterator[None]:
    """Suppress this error and log a warning: for optional operations."""
    try:
        yield
    except error as caught:
        _log.warning("going on without what instances share: %s", caught.message)
