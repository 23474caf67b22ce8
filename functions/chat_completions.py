"""POST /v1/chat/completions answers a chat with text or, from an image model, with images."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Context, Endpoint, Operation, chat_detail, create_app
from shared.api.bounds import CHAT
from shared.api.requests.chat import ChatCreate
from shared.api.responses import chat
from shared.api.routing import STARTED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler


async def complete(context: Context) -> Response:
    """Answer a chat with text or, from an image model, with images."""
    return await chat.chat_response(context, await context.parse(ChatCreate, CHAT))


async def complete_or_order(context: Context) -> Response:
    """Answer a chat in the Z-Image proxy's format; an image request returns its job at once."""
    return await chat.chat_response(context, await context.parse(ChatCreate, CHAT), submit_only=True)


_talk = Operation(
    complete,
    takes="requests.chat.ChatCreate",
    headers="openapi.parameters.Repeatable",
    gives={200: ("responses.types.ChatCompletion", STREAM)},
    fails=STARTS,
    sends=STARTED,
)

app = create_app(
    [
        Endpoint("/v1/chat/completions", POST=_talk, beside=chat_detail),
        Endpoint("/api/v1/chat/completions", POST=_talk._replace(handler=complete_or_order), beside=chat_detail),
    ]
)
handler = lambda_handler(app)
