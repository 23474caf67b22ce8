"""PicLumen as its own clients know it: a mark to ask for, and a `statuscode` inside of an answer that is always 200."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import JSONResponse, Response

from shared.api.call import Call
from shared.api.errors import error_object
from shared.api.stream import ignored_header
from shared.catalog import Offer
from shared.errors import AccountRejected, BadRequest, Unauthenticated
from shared.service import Caller, Service
from shared.values import Failed, Job, Queued, Status, Succeeded

PROVIDER = "piclumen"
TOKEN = "authorization_token"
TOKEN_HEADER = "authorization-token"

_NO_STORE = {"cache-control": "no-store"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


async def started(call: Call, largest_body: int) -> Response:
    """Start the work, and answer with the mark to ask for it by."""
    from shared.api.piclumen_wire import GenerateImage  # looks need no pydantic

    service, caller = _served(call)
    body = await call.parse(GenerateImage, largest_body)
    request = body.to_request()
    offer = Offer(PROVIDER, request.model)
    with _own_token_refused(call):
        async with service.start(offer, request, caller, call.repeat(), call.host_limit()) as work:
            call.announce(work)
            mark = service.tickets.job_id(work.job)
    answer = {"statuscode": 200, "message": "Image creation initiated", "mark_id": mark, "status": "pending"}
    return JSONResponse(answer, headers=_NO_STORE | ignored_header(sorted(body.model_extra or {})))


async def checked(call: Call) -> Response:
    """Look once. The answer is 200 whatever the state, also of a job that failed."""
    service, caller = _served(call)
    mark = call.request.query_params.get("mark_id")
    if not mark:
        raise BadRequest("'mark_id' is missing: it is what /generate-image gave.", param="mark_id")
    job = service.job(mark, caller)
    with _own_token_refused(call):
        status = await service.look(job)
    return JSONResponse(_state(call, job, mark, status), headers=_NO_STORE)


def _state(call: Call, job: Job, mark: str, status: Status) -> dict[str, Any]:
    match status:
        case Succeeded(outputs):
            assets = call.service.assets(job, outputs)
            urls = [call.link(asset, output.media_type) for asset, output in zip(assets, outputs, strict=True)]
            missing = {"missing": job.asked - len(urls)} if len(urls) < job.asked else {}
            links = {"image_url": urls[0], "image_urls": urls, **missing}
            return {"statuscode": 200, "message": "Image generation successful", "status": "success", **links}
        case Failed(error):
            told = {"message": error.message, "error": error_object(error)}
            return {"statuscode": 500, "status": "failed", "mark_id": mark, **told}
        case _:
            word = "pending" if isinstance(status, Queued) else "running"
            message = f"Image still processing. Current status: {word}"
            return {"statuscode": 202, "message": message, "mark_id": mark, "status": word}


def _token(call: Call) -> str:
    """The caller's own PicLumen token; empty where it brings none."""
    given = call.request.query_params.get(TOKEN, ""), call.request.headers.get(TOKEN_HEADER, "")
    return next(filter(None, map(str.strip, given)), "")


def _served(call: Call) -> tuple[Service, Caller]:
    """Whose account it is: the caller's own where it brings a token, and then no other; else the operator's."""
    if token := _token(call):
        if not _TOKEN.fullmatch(token):
            raise BadRequest(f"'{TOKEN}' cannot be a token.", param=TOKEN)
        return call.service.lent(PROVIDER, token), Caller(call.service.tickets.owners(f"{PROVIDER}:{token}"))
    if not call.service.pool.of(PROVIDER):
        raise BadRequest(f"'{TOKEN}' is missing, and there is no PicLumen account here but your own.", param=TOKEN)
    if call.caller is None:
        raise Unauthenticated(f"A PicLumen token is needed, as {TOKEN}, or an API key: Authorization: Bearer <key>.")
    return call.service, call.caller


@contextmanager
def _own_token_refused(call: Call) -> Iterator[None]:
    """What is a matter between us and an upstream elsewhere is the caller's own where the account is."""
    try:
        yield
    except AccountRejected as error:
        if not _token(call):
            raise
        raise Unauthenticated(error.message, code=error.code, param=TOKEN, details=error.details) from error
