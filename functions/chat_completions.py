"""POST /v1/chat/completions goes on with a conversation in text, or draws what was said last."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Call, Endpoint, chat, chat_detail, create_app
from shared.api.conversation import ChatCreate
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 20 << 20


async def complete(call: Call) -> Response:
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY))


async def complete_or_order(call: Call) -> Response:
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY), order=True)


app = create_app(
    [
        Endpoint("/v1/chat/completions", POST=complete, beside=chat_detail),
        Endpoint("/api/v1/chat/completions", POST=complete_or_order, beside=chat_detail),
    ]
)
handler = lambda_handler(app)
