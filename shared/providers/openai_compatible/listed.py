"""What a service's own list says of its models: which of them talk, which make pictures, and which do neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.values import Kind, Model

CHAT_FIELDS = frozenset(
    {
        *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "user", "safety_identifier"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "response_format", "metadata", "store", "prediction"),
        *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "modalities", "image_config"),
        *("reasoning_effort", "reasoning", "thinking", "verbosity", "service_tier", "prompt_cache_key"),
        *("top_k", "min_p", "repetition_penalty", "chat_template_kwargs", "web_search_options", "provider"),
    }
)
"""OpenAI's fields, and those that its imitators have agreed on."""

_NEITHER = re.compile(r"embed|rerank|whisper|tts|speech|audio|transcri|moderation|guard|sora|veo|\bbge", re.IGNORECASE)
_PICTURES = re.compile(
    r"dall-e|gpt-image|chatgpt-image|flux|diffusion|sdxl|\bsd-?3|imagen|image|seedream|kolors|hidream|midjourney",
    re.IGNORECASE,
)


def model_of(entry: Any) -> Model | None:
    """The model behind an entry of `GET /models`; None for what is of no use here."""
    name = entry.get("id") if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not name:
        return None
    kind = _kind(name, entry)
    return None if kind is None else bare(name, kind)


def bare(name: str, kind: Kind) -> Model:
    """A model of which no more is known than what it is for."""
    if kind == "chat":
        return Model(name, "chat", name, asynchronous=False, knobs=CHAT_FIELDS)
    return Model(name, "image", name, max_side=4096, batch=10, asynchronous=False, knobs=frozenset({"seed"}))


def _kind(name: str, entry: Mapping[str, Any]) -> Kind | None:
    """By what the entry says of itself, as OpenRouter, AkashML, LiteLLM and Easel do; else by its name."""
    architecture = entry.get("architecture")
    outputs = (architecture if isinstance(architecture, Mapping) else entry).get("output_modalities")
    if isinstance(outputs, list) and outputs:
        return "chat" if "text" in outputs else "image" if "image" in outputs else None
    match entry.get("mode") or entry.get("kind"):
        case "chat" | "completion" | "responses":
            return "chat"
        case "image" | "image_generation":
            return "image"
        case str():
            return None
    if _NEITHER.search(name):
        return None
    return "image" if _PICTURES.search(name) else "chat"
