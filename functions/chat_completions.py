"""POST /v1/chat/completions answers a chat with text or, from an image model, with images."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Call, Endpoint, Operation, chat, chat_detail, create_app
from shared.api.conversation import ChatCreate
from shared.api.operation import IGNORED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 20 << 20


async def complete(call: Call) -> Response:
    """Answer a chat with text or, from an image model, with images."""
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY))


async def complete_or_order(call: Call) -> Response:
    """Answer a chat in the Z-Image proxy's format; an image request returns its job at once."""
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY), order=True)


_talk = Operation(
    complete,
    takes="conversation.ChatCreate",
    headers="parameters.Repeatable",
    gives={200: ("answers.ChatCompletion", STREAM)},
    fails=STARTS,
    sends=IGNORED,
)

app = create_app(
    [
        Endpoint("/v1/chat/completions", POST=_talk, beside=chat_detail),
        Endpoint("/api/v1/chat/completions", POST=_talk._replace(handler=complete_or_order), beside=chat_detail),
    ]
)
handler = lambda_handler(app)
