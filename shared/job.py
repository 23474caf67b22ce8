"""Jobs and their files, as ids carry them."""

from typing import NamedTuple

from shared.models import Kind
from shared.results import Ref


class Job(NamedTuple):
    """All that is needed to go on with a job; the signed text of it is the id that the client holds.

    `account` and `owner` are short hashes, never names or keys; an empty `owner` means that the id alone is the
    permission. `created` is in Unix seconds, `requested` the number of pictures that were asked for, and `summary` what
    answers repeat of the request.
    """

    provider: str
    account: str
    model: str
    kind: Kind
    created: int
    owner: str
    requested: int
    refs: tuple[Ref, ...]
    summary: str = ""


class ResultFile(NamedTuple):
    """One file of a job: its output `number`, from 0, which takes a look to find; or a lasting `output` itself."""

    job: Job
    number: int
    output: Ref | None = None
