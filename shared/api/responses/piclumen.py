"""PicLumen's API: a mark to poll, and a `statuscode` in responses that always have status 200."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from shared.api.bounds import PICLUMEN
from shared.api.context import Context
from shared.api.errors import error_object
from shared.api.generation import Generation
from shared.api.json_response import Json
from shared.api.responses.jobs import links_of
from shared.catalog import ResolvedModel
from shared.errors import AccountRejected, BadRequest, Unauthenticated
from shared.job import Job
from shared.results import Failed, Queued, Running, Status, Succeeded
from shared.service import Caller, Service

if TYPE_CHECKING:
    from shared.api.requests.piclumen import GenerateImage
    from shared.api.responses.piclumen_types import PiclumenStarted, PiclumenState

PROVIDER = "piclumen"
TOKEN = "authorization_token"
TOKEN_HEADER = "authorization-token"
TOKEN_PARAMETERS = (TOKEN, TOKEN_HEADER)

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


async def read(context: Context) -> GenerateImage:
    """Read the body, if the caller has a token or a key."""
    from shared.api.requests.piclumen import GenerateImage  # polling needs no pydantic

    _served(context)
    return await context.parse(GenerateImage, PICLUMEN)


async def started(context: Context, body: GenerateImage) -> Json[PiclumenStarted]:
    """Submit the request and return the mark to poll."""
    service, caller = _served(context)
    request = body.to_request()
    generation = Generation(
        context,
        ResolvedModel(PROVIDER, request.model),
        request,
        sorted(body.model_extra or {}),
        service=service,
        caller=caller,
    )
    with _own_token_refused(context):
        async with generation:
            mark = generation.job.id
    return Json(
        {"statuscode": 200, "message": "Image creation initiated", "mark_id": mark, "status": "pending"},
        generation.headers,
    )


async def checked(context: Context) -> Json[PiclumenState]:
    """Poll once. The response is 200 even for a failed job."""
    service, caller = _served(context)
    mark = context.request.query_params.get("mark_id")
    if not mark:
        raise BadRequest("'mark_id' is missing: it is what /generate-image gave.", param="mark_id")
    job = service.job(mark, caller)
    with _own_token_refused(context):
        status = await service.poll(job)
    return Json(_state(context, job, mark, status))


def _state(context: Context, job: Job, mark: str, status: Status) -> PiclumenState:
    match status:
        case Succeeded():
            urls = [url for url, _ in links_of(context, job, status)]
            done: PiclumenState = {
                "statuscode": 200,
                "message": "Image generation successful",
                "status": "success",
                "image_url": urls[0],
                "image_urls": urls,
            }
            if len(urls) < job.requested:
                done["missing"] = job.requested - len(urls)
            return done
        case Failed(error):
            return {
                "statuscode": 500,
                "status": "failed",
                "mark_id": mark,
                "message": error.message,
                "error": error_object(error),
            }
        case Queued():
            return _processing(mark, "pending")
        case Running():
            return _processing(mark, "running")


def _processing(mark: str, status: Literal["pending", "running"]) -> PiclumenState:
    message = f"Image still processing. Current status: {status}"
    return {"statuscode": 202, "message": message, "mark_id": mark, "status": status}


def _token(context: Context) -> str:
    """Return the caller's own PicLumen token, or an empty string."""
    given = context.request.query_params.get(TOKEN, ""), context.request.headers.get(TOKEN_HEADER, "")
    return next(filter(None, map(str.strip, given)), "")


def _served(context: Context) -> tuple[Service, Caller]:
    """Return service and caller: bound to the caller's own token if given, otherwise the operator's accounts."""
    if token := _token(context):
        if not _TOKEN.fullmatch(token):
            raise BadRequest(f"'{TOKEN}' cannot be a token.", param=TOKEN)
        service = context.service.with_credential(PROVIDER, token, guest=context.caller is None)
        return service, Caller(context.service.ids.owners(f"{PROVIDER}:{token}"))
    if not context.service.accounts.of(PROVIDER):
        raise BadRequest(f"'{TOKEN}' is missing, and there is no PicLumen account here but your own.", param=TOKEN)
    if context.caller is None:
        raise Unauthenticated(f"A PicLumen token is needed, as {TOKEN}, or an API key: Authorization: Bearer <key>.")
    return context.service, context.caller


@contextmanager
def _own_token_refused(context: Context) -> Iterator[None]:
    """Raise Unauthenticated instead of AccountRejected if the account is the caller's own."""
    try:
        yield
    except AccountRejected as error:
        if not _token(context):
            raise
        raise Unauthenticated(error.message, code=error.code, param=TOKEN, details=error.details) from error
