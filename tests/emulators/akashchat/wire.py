"""The bodies that the site accepts, and the shapes of what it says."""

import json
import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.emulators.base import Refused

Json = dict[str, Any]

_UNSAID: Json = {
    **dict.fromkeys(("owned_by", "parameters", "architecture", "hf_repo", "deploy_url", "category")),
    **dict.fromkeys(("is_api_available", "is_chat_available")),
    "about_content": "about",
    "info_content": "info",
    "thumbnail_id": "akash-gen",
    "display_order": 9,
    "created_at": "2026-11-20T15:08:45.267Z",
    "updated_at": "2026-11-20T15:08:45.267Z",
}
"""What the newest version tells of a model beside its name and numbers."""

MODELS = (
    "Meta-Llama-3-3-70B-Instruct",
    "Qwen3-235B-A22B-Instruct-2507-FP8",
    "openai-gpt-oss-120b",
    "DeepSeek-V3.1",
    "Kimi-K2-Instruct",
    "AkashGen",
)
INVALID_MODEL = (
    "{'error': '/chat/completions: Invalid model name passed in model=%s. "
    "Call `/v1/models` to view available models for your key.'}"
)


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str
    parts: list[Json] | None = None


class Conversation(BaseModel):
    """`temperature` and `topP` are looked at later, and differently by each version."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    messages: list[Message]
    model: str
    id: str | None = None
    system: str = ""
    temperature: Any = None
    top_p: Any = None
    context: list[Json] = []


def refused(status: int, body: Json, headers: dict[str, str] | None = None) -> Refused:
    return Refused(JSONResponse(body, status, headers))


def unauthorized() -> Refused:
    return refused(403, {"success": False, "message": "Unauthorized: Invalid session"})


def not_available(model: str) -> Refused:
    message = f'The model "{model}" is not available for your account tier. Please select a different model.'
    available = [{"id": name, "name": name} for name in MODELS]
    return refused(403, {"error": "Model not available", "message": message, "available_models": available})


def over_quota(reset: int) -> Refused:
    message = "You've reached your usage limit for this time period. Sign in for higher limits."
    when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(reset))
    body: Json = {"error": "Rate limit exceeded", "message": message, "resetTime": when}
    body |= {"requiresVerification": False, "tier": "anonymous"}
    return refused(429, body, {"x-tokenlimit-reset": str(reset)})


async def parse(request: Request) -> Conversation:
    """The site falls over whatever it does not expect, without a word."""
    try:
        return Conversation.model_validate_json(await request.body())
    except ValidationError:
        raise Refused(Response(status_code=500)) from None


def listed(model: str, *, modern: bool) -> Json:
    """An entry of the list of models, in either vintage."""
    if modern:
        numbers: Json = {"temperature": "0.85", "top_p": "1.00", "token_limit": 12000}
        rest: Json = {"model_id": model, "api_id": model, "tier_requirement": "permissionless", **_UNSAID}
    else:
        numbers = {"temperature": 0.85, "top_p": 1, "tokenLimit": 12000}
        rest = {"aboutContent": "about", "infoContent": "info", "thumbnailId": "thumb"}
    return {"id": model, "name": model, "description": "A model", "available": True, **numbers, **rest}


def line(code: str, value: Any) -> str:
    return f"{code}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n"


def ending(reason: str, usage: tuple[int, int] | None) -> list[str]:
    prompt, completion = usage or (None, None)
    end = {"finishReason": reason, "usage": {"promptTokens": prompt, "completionTokens": completion}}
    return [line("e", {**end, "isContinued": False}), line("d", end)]


def tag(job: str, prompt: str, *, escaped: bool) -> str:
    """Glued together by hand: neither quotes nor line breaks are those of JSON."""
    text = prompt.replace("'", "\\'") if escaped else prompt
    return f"0:\"<image_generation> jobId='{job}' prompt='{text}' negative='blurry'</image_generation>\"\n"
