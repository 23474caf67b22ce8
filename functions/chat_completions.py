"""POST /v1/chat/completions goes on with a conversation in text, or draws what was said last."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Call, Endpoint, Operation, chat, chat_detail, create_app
from shared.api.conversation import ChatCreate
from shared.api.operation import STARTED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 20 << 20


async def complete(call: Call) -> Response:
    """Go on with a conversation in text, or draw what was said last."""
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY))


async def complete_or_order(call: Call) -> Response:
    """Go on in the manner of the Z-Image proxy: a picture is answered with its job, at once."""
    return await chat.answer(call, await call.parse(ChatCreate, LARGEST_BODY), order=True)


_talk = Operation(
    complete,
    takes="conversation.ChatCreate",
    headers="parameters.Repeatable",
    gives={200: ("answers.ChatCompletion", STREAM)},
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
