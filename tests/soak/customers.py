"""Clients that want one picture each, in all the manners in which one can be ordered, and do not give up easily."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import uuid4

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

_MODEL, _SIZE = "zimage-turbo", "64x64"
_PATIENCE = 90.0


class Fruit(NamedTuple):
    """What a customer has in the end: `picture` or not, and why not."""

    picture: bool
    error: str = ""


class Order:
    """One order. `job` is the id of its job, from the moment at which the customer knows it."""

    def __init__(self, sdk: AsyncOpenAI, prompt: str) -> None:
        self.sdk = sdk
        self.prompt = prompt
        self.job = ""
        self.has_picture = False

    async def fruit(self, manner: Manner) -> Fruit:
        """Order in this manner; what went wrong after the id was known is made good by it."""
        try:
            if await manner(self):
                return Fruit(picture=True)
            error = "no picture"
        except APIError as raised:
            error = f"{getattr(raised, 'status_code', '')} {raised.code or type(raised).__name__}".strip()
            if isinstance(raised.body, dict):
                self.job = self.job or raised.body.get("job", "")
        return await self._fetched() if self.job else Fruit(picture=False, error=error)

    async def _fetched(self) -> Fruit:
        state = "never seen"
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while state not in ("completed", "failed"):
                    with suppress(APIConnectionError, APIStatusError):
                        answer: Any = await self.sdk.get(f"/jobs/{self.job}", cast_to=object)
                        state = answer["status"]
                    await asyncio.sleep(0.5)
        return Fruit(state == "completed", f"job {state}")

    def body(self) -> dict[str, Any]:
        return {"model": _MODEL, "prompt": self.prompt, "size": _SIZE, "response_format": "url"}

    def talk(self) -> dict[str, Any]:
        message = ChatCompletionUserMessageParam(role="user", content=self.prompt)
        return {"model": _MODEL, "messages": [message], "extra_body": {"size": _SIZE}}


Manner = Callable[[Order], Awaitable[bool]]


async def whole(order: Order) -> bool:
    """Wait for the answer; the SDK retries by itself."""
    return bool((await order.sdk.images.generate(**order.body())).data)


async def with_a_key(order: Order) -> bool:
    """The same under a key, sent again and again by the customer where the SDK gives up."""
    headers = {"idempotency-key": uuid4().hex}
    for _ in range(4):
        with suppress(APIConnectionError):
            return bool((await order.sdk.images.generate(**order.body(), extra_headers=headers)).data)
        await asyncio.sleep(1)
    return bool((await order.sdk.images.generate(**order.body(), extra_headers=headers)).data)


async def streamed(order: Order) -> bool:
    async with await order.sdk.images.generate(**order.body(), stream=True) as stream:
        order.job = stream.response.headers.get("easel-job", "")
        async for event in stream:
            order.job = order.job or getattr(event, "job", "")
            order.has_picture |= event.type == "image_generation.completed"
    return order.has_picture


async def in_a_conversation(order: Order) -> bool:
    async with await order.sdk.chat.completions.create(**order.talk(), stream=True) as stream:
        async for chunk in stream:
            order.job = chunk.id
            order.has_picture |= bool(chunk.choices and "![" in (chunk.choices[0].delta.content or ""))
    return order.has_picture


async def as_zimage_does(order: Order) -> bool:
    """The answer is the job."""
    url = order.sdk.base_url.copy_with(path="/api/v1/chat/completions")
    talk = order.talk()
    answer: Any = await order.sdk.post(str(url), body=talk | talk.pop("extra_body"), cast_to=object)
    order.job = answer["task_id"]
    return False


async def asynchronous(order: Order) -> bool:
    """202 with the job, under a key."""
    headers = {"prefer": "respond-async", "idempotency-key": uuid4().hex}
    answer: Any = await order.sdk.post(
        "/images/generations", body=order.body(), cast_to=object, options={"headers": headers}
    )
    order.job = answer["id"]
    return False


MANNERS: tuple[Manner, ...] = (whole, with_a_key, streamed, in_a_conversation, as_zimage_does, asynchronous)
