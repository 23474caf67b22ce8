"""What chat.akash.network is asked: one path and one shape of body for text and pictures alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from shared.errors import BadRequest
from shared.requests import ChatRequest, ImageRequest

_SYSTEM = "You are a helpful assistant."
"""The default system prompt: without one the site answers as a persona of its own."""

_LEAST = 0.01
"""The site takes zero for nothing said, and then falls over its own default."""


def about_text(request: ChatRequest) -> dict[str, Any]:
    spoken = [(message["role"], _text(message)) for message in request.messages]
    system = "\n\n".join(text for role, text in spoken if role in ("system", "developer") and text)
    messages = [{"role": role, "content": text} for role, text in spoken if role in ("user", "assistant")]
    if not messages:
        raise BadRequest("'messages': there has to be a message of the user.", param="messages")
    temperature, top_p = request.options.get("temperature", 0.6), request.options.get("top_p", 0.95)
    return _body(request.model.upstream, messages, system or _SYSTEM, temperature, top_p)


def about_picture(request: ImageRequest) -> dict[str, Any]:
    """A small language model decides whether this is an order for a picture: hence the words in front."""
    order = f"Generate an image: {request.prompt}"
    if request.negative_prompt:
        order += f"\nNegative prompt: {request.negative_prompt}"
    return _body(request.model.upstream, [{"role": "user", "content": order}], "", 0.85, 1.0)


def _body(model: str, messages: list[dict[str, str]], system: str, temperature: float, top_p: float) -> dict[str, Any]:
    return {
        "id": uuid4().hex[:16],
        "messages": messages,
        "model": model,
        "system": system,
        "temperature": max(temperature, _LEAST),
        "topP": max(top_p, _LEAST),
        "context": [],
    }


def _text(message: Mapping[str, Any]) -> str:
    """The site takes texts alone."""
    if message["role"] in ("tool", "function"):
        raise BadRequest("'messages': the models of chat.akash.network use no tools.", param="messages")
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    if other := {part["type"] for part in content} - {"text"}:
        raise BadRequest(f"'messages': the models of chat.akash.network read no {min(other)}.", param="messages")
    return "\n".join(part["text"] for part in content)
