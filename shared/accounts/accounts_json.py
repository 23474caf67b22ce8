"""Parse accounts listed as JSON, with pydantic; imported only if there is a list, to keep cold starts short."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.accounts.loading import Entry
from shared.errors import Misconfigured


class _ListedAccount(BaseModel):
    """One listed account; extra fields are the provider's options."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(min_length=1)
    provider: str
    key: str = ""
    base_url: str | None = None
    max_concurrent: int | None = Field(default=None, ge=0)

    def entry(self) -> Entry:
        options = self.model_extra or {}
        return Entry(self.id, self.provider, self.key, self.base_url, self.max_concurrent, options)


_LIST = TypeAdapter(list[_ListedAccount])


def parse_entries(variable: str, text: str) -> list[Entry]:
    """Return the accounts in the list; Misconfigured, without quoting any value, if it is invalid."""
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
