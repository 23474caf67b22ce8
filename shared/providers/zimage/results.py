"""Read the status of a task or of a batch, and the result URLs in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from shared.http import Response
from shared.providers._json import as_dict, as_list, job_failure
from shared.providers._links import Links, links_in, without_result
from shared.providers.zimage.errors import data_of
from shared.results import Failed, Output, Queued, Running, Status, Succeeded

_log = logging.getLogger(__name__)

_STATES = ("pending", "processing", "completed", "failed")


def task_status(response: Response, links: Links) -> Status:
    data = data_of(response)
    task = as_dict(data.get("task"))
    match task.get("taskStatus"):
        case "pending":
            return Queued(_integer(data.get("queuePosition")))
        case "completed":
            return _result(_urls(task), links)
        case "failed":
            return _failed(response, task)
        case state:
            _log_unknown(response, [state])
            return Running(_integer(task.get("progress")))


def batch_status(response: Response, links: Links) -> Status:
    data = data_of(response)
    tasks = [as_dict(task) for task in as_list(data.get("tasks"))]
    states = [task.get("status") for task in tasks]
    completed = [task for task in tasks if task.get("status") == "completed"]
    if data.get("allCompleted") is not True:
        _log_unknown(response, states)
        if states and all(state == "pending" for state in states):
            return Queued()
        return Running(100 * len(completed) // len(tasks) if completed else None)
    if "failed" in states and not completed:
        return _failed(response, tasks[states.index("failed")])
    return _result((url for task in completed for url in _urls(task)), links)


def _result(urls: Iterable[str], links: Links) -> Status:
    outputs = tuple(Output(links.shortened(link), lasting=True) for link in links.usable(urls))
    return Succeeded(outputs) if outputs else Failed(without_result("zimage.run"))


def _failed(response: Response, task: dict[str, Any]) -> Failed:
    return Failed(job_failure("zimage.run", response.quote(str(task.get("errorMessage") or ""))))


def _log_unknown(response: Response, states: Iterable[object]) -> None:
    for state in {str(state) for state in states}.difference(_STATES):
        _log.warning("zimage: unknown task state '%s' counts as running", response.quote(state))


def _urls(task: dict[str, Any]) -> list[str]:
    """Return the result URLs; depending on the version these are one URL, a JSON list in a string, or a list."""
    return list(links_in(task.get("resultUrls") or task.get("resultUrl")))


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
