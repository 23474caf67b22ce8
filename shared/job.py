"""Jobs and their result files."""

from typing import NamedTuple

from shared.models import Kind
from shared.results import Ref


class Job(NamedTuple):
    """Everything needed to continue a job. Its `id` is the signed text of the other fields, and all that is stored.

    `account` and `owner` are short hashes, never names or keys; with an empty `owner` the id alone is the permission.
    `created` is in Unix seconds, `requested` the number of outputs requested, and `summary` what responses repeat of
    the request. `id` is empty if there is nothing to poll.
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
    id: str = ""


class ResultFile(NamedTuple):
    """One file of a job: the output with this `number`, from 0, which a poll finds, or a lasting `output` ref."""

    job: Job
    number: int
    output: Ref | None = None
