"""Accounts listed as JSON, read with pydantic; imported where there is such a list, for it costs time at cold start."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.accounts.sources import Entry
from shared.errors import Misconfigured


class _Listed(BaseModel):
    """What is not named here is an option of the provider's own."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(min_length=1)
    provider: str
    key: str = ""
    base_url: str | None = None
    max_concurrent: int | None = Field(default=None, ge=0)

    def entry(self) -> Entry:
        options = self.model_extra or {}
        return Entry(self.id, self.provider, self.key, self.base_url, self.max_concurrent, options)


_LIST = TypeAdapter(list[_Listed])


def parse_entries(variable: str, text: str) -> list[Entry]:
    """The accounts of the variable's list; Misconfigured, without a word of what stands in them, when it is none."""
    try:
        return [listed.entry() for listed in _LIST.validate_json(text)]
    except ValidationError as error:
        fault = _first_fault(error)
    # Raised outside `except`: as its context, pydantic's error would hold frames that the garbage collector cannot see.
    raise Misconfigured(f"{variable}: {fault}")


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
