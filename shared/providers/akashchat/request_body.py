"""Build request bodies for chat.akash.network, which have one format for text and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from shared.errors import BadRequest
from shared.requests import ChatRequest, ImageRequest

_SYSTEM = "You are a helpful assistant."
"""The default system prompt; without one the site uses its own persona."""

_MIN_VALUE = 0.01
"""The lowest value sent; the site treats zero as missing, and its own default then fails."""


def chat_body(request: ChatRequest) -> dict[str, Any]:
    texts = [(message["role"], _text(message)) for message in request.messages]
    system = "\n\n".join(text for role, text in texts if role in ("system", "developer") and text)
    messages = [{"role": role, "content": text} for role, text in texts if role in ("user", "assistant")]
    if not messages:
        raise BadRequest("'messages' must contain a user message.", param="messages")
    temperature, top_p = request.options.get("temperature", 0.6), request.options.get("top_p", 0.95)
    return _body(request.model.upstream, messages, system or _SYSTEM, temperature, top_p)


def image_body(request: ImageRequest) -> dict[str, Any]:
    """Prefix the prompt, because the site's language model decides whether it requests an image."""
    text = f"Generate an image: {request.prompt}"
    if request.negative_prompt:
        text += f"\nNegative prompt: {request.negative_prompt}"
    return _body(request.model.upstream, [{"role": "user", "content": text}], "", 0.85, 1.0)


def _body(model: str, messages: list[dict[str, str]], system: str, temperature: float, top_p: float) -> dict[str, Any]:
    return {
        "id": uuid4().hex[:16],
        "messages": messages,
        "model": model,
        "system": system,
        "temperature": max(temperature, _MIN_VALUE),
        "topP": max(top_p, _MIN_VALUE),
        "context": [],
    }


def _text(message: Mapping[str, Any]) -> str:
    """Return a message's text; the site accepts no other content."""
    if message["role"] in ("tool", "function"):
        raise BadRequest(
            "'messages': chat.akash.network does not support tools; remove the tool messages.", param="messages"
        )
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    if other := {part["type"] for part in content} - {"text"}:
        raise BadRequest(
            f"'messages': chat.akash.network does not support '{min(other)}' parts; send text.", param="messages"
        )
    return "\n".join(part["text"] for part in content)
