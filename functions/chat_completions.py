"""POST /v1/chat/completions completes a chat with text or, from an image model, with images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Context, Endpoint, Operation, chat_detail, create_app
from shared.api.bounds import CHAT
from shared.api.json_response import Json, JsonStream
from shared.api.requests.chat import ChatCreate
from shared.api.responses import chat
from shared.api.routing import RETRY_KEY, STARTED, STARTS, reads
from shared.api.streaming import EventStream
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import ChatCompletion


async def read(context: Context) -> ChatCreate:
    return await context.parse(ChatCreate, CHAT)


@reads(read)
async def complete(
    context: Context, body: ChatCreate
) -> Json[ChatCompletion] | JsonStream[ChatCompletion] | EventStream:
    """Answer a chat with text or, from an image model, with images."""
    return await chat.chat_response(context, body)


@reads(read)
async def complete_or_submit(
    context: Context, body: ChatCreate
) -> Json[ChatCompletion] | JsonStream[ChatCompletion] | EventStream:
    """Answer a chat in the Z-Image proxy's format; an image request returns its job at once."""
    return await chat.chat_response(context, body, submit_only=True)


_complete = Operation(complete, RETRY_KEY, fails=STARTS, sends=STARTED)

app = create_app(
    [
        Endpoint("/v1/chat/completions", POST=_complete, beside=chat_detail),
        Endpoint("/api/v1/chat/completions", POST=_complete._replace(handler=complete_or_submit), beside=chat_detail),
    ]
)
handler = lambda_handler(app)
