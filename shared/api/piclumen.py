"""PicLumen as its own clients know it: a mark to ask for, and a `statuscode` inside of an answer that is always 200."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NotRequired, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from shared.api.call import Call
from shared.api.errors import error_object
from shared.api.stream import ignored_header
from shared.api.wire import Body
from shared.catalog import Offer
from shared.errors import AccountRejected, BadRequest, Unauthenticated
from shared.service import Caller, Service
from shared.values import MAX_N, Failed, ImageRequest, Job, Model, Queued, Size, Status, Succeeded

PROVIDER = "piclumen"
TOKEN = "authorization_token"
TOKEN_HEADER = "authorization-token"

_NO_STORE = {"cache-control": "no-store"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    json.dumps(value, allow_nan=False)
    return value


Number: TypeAlias = int | float
Settings: TypeAlias = Annotated[dict[str, Any], AfterValidator(_sendable)]
Setting = Annotated[str, Field(max_length=100)]


class Resolution(BaseModel):
    """All three, or none of them."""

    width: int = Field(ge=1, le=8192)
    height: int = Field(ge=1, le=8192)
    batch_size: int = Field(ge=1, le=MAX_N)


class GenerateImage(Body):
    """The body of POST /generate-image, with the defaults of old: the constant seed is one of them."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, protected_namespaces=())

    prompt: str = Field(max_length=32_000)
    highPixels: bool = False
    model_id: str = Field(default="23887bba-507e-4249-a0e3-6951e4027f2b", min_length=1, max_length=100)
    negative_prompt: str = ""
    resolution: Resolution = Resolution(width=1344, height=768, batch_size=1)
    model_ability: Settings = {}
    seed: int = Field(default=9896923949, ge=-1, lt=1 << 63)
    steps: int = Field(default=6, ge=0, le=1000)
    cfg: Number = 1
    sampler_name: Setting | None = "euler"
    scheduler: Setting | None = "normal"
    ponyTags: Settings = {}
    denoise: Number = 1
    hires_fix_denoise: Number = 0.5
    hires_scale: Number = 2
    multi_img2img_info: Settings = {"style_list": []}
    img_control_info: Settings = {"style_list": []}
    continueCreate: bool = False

    def to_request(self) -> ImageRequest:
        size, n = Size(self.resolution.width, self.resolution.height), self.resolution.batch_size
        model = Model(self.model_id, upstream=self.model_id, batch=n)
        return ImageRequest(model, self.prompt, size, n, verbatim=self.model_dump(include=set(type(self).model_fields)))


Token: TypeAlias = Annotated[str, Field(pattern=r"^[!-~]{1,4096}$")]


class TokenQuery(TypedDict):
    """The caller's own PicLumen token."""

    authorization_token: NotRequired[Token]


TokenHeader = TypedDict("TokenHeader", {"authorization-token": NotRequired[Token]})


class MarkQuery(TokenQuery):
    """The mark that /generate-image gave."""

    mark_id: Annotated[str, Field(min_length=1)]


async def started(call: Call, largest_body: int) -> Response:
    """Start the work, and answer with the mark to ask for it by."""
    service, caller = _served(call)
    body = await call.parse(GenerateImage, largest_body)
    request = body.to_request()
    offer = Offer(PROVIDER, request.model)
    with _own_token_refused(call):
        async with service.start(offer, request, caller, call.repeat(), call.host_limit()) as work:
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
    return call.request.query_params.get(TOKEN) or call.request.headers.get(TOKEN_HEADER) or ""


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
