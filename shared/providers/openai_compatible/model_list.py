"""What a service's own list says of its models: which of them talk, which make pictures, and which do neither."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from shared.errors import EaselError, Misconfigured
from shared.http import Http
from shared.models import Kind, Model
from shared.providers._cached import Cached

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 300.0
_STALE_SECONDS = 30.0
_PATIENCE = 3.0
"""Seconds. Every request waits for the list while nothing is known, also those that are for others."""

_ANY_FIELD = frozenset({"*"})

_NEITHER = re.compile(r"embed|rerank|whisper|tts|speech|audio|transcri|moderation|guard|sora|veo|\bbge", re.IGNORECASE)
_PICTURES = re.compile(
    r"dall-e|gpt-image|chatgpt-image|flux|diffusion|sdxl|\bsd-?3|imagen|image|seedream|kolors|hidream|midjourney",
    re.IGNORECASE,
)
_OPENAIS = re.compile(r"gpt-image", re.IGNORECASE)
_EDITORS = re.compile(r"edit(?![a-z])|kontext", re.IGNORECASE)
_MOST_OF_OPENAI = 16


class Listed:
    """A service's models: those that are configured, and what it lists itself, asked every few minutes.

    A list that cannot be had leaves everything as it was the last time.
    """

    def __init__(self, http: Http, url: str, headers: Mapping[str, str], options: Mapping[str, str]) -> None:
        self._http = http
        self._url = url
        self._headers = headers
        self._configured = _configured(options["models"])
        self._discovers = options["discover"].lower() not in ("false", "0", "no")
        self._discovered: tuple[Model, ...] = ()
        self._listing = Cached(self._discover)

    async def models(self) -> tuple[Model, ...]:
        discovered = await self._listing.get() if self._discovers else ()
        names = {model.id for model in self._configured}
        return self._configured + tuple(model for model in discovered if model.id not in names)

    async def _discover(self) -> tuple[tuple[Model, ...], float]:
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._http.read("GET", self._url, headers=self._headers)
            payload = answer.json()
            if answer.status != 200:
                raise answer.error()
            entries = payload.get("data") if isinstance(payload, dict) else payload
            found = map(model_of, entries if isinstance(entries, list) else [])
            self._discovered = tuple({model.id: model for model in found if model}.values())
        except (EaselError, TimeoutError) as error:
            _log.warning("openai_compatible: the models were not listed: %s", error)
            return self._discovered, _STALE_SECONDS
        return self._discovered, _FRESH_SECONDS


def _configured(text: str) -> tuple[Model, ...]:
    """Names in a list, or with what they are for: `{"flux": {"kind": "image"}}`; Misconfigured for all else."""
    try:
        table = json.loads(text)
        if isinstance(table, list):
            table = {name: {} for name in table}
        return tuple(_configured_model(name, dict(fields)) for name, fields in table.items())
    except (AttributeError, TypeError, ValueError):
        raise Misconfigured("OPENAI_COMPATIBLE_MODELS (or 'models' of an account): it cannot be read.") from None


def _configured_model(name: str, fields: dict[str, Any]) -> Model:
    if type(fields.get("max_inputs", 0)) is not int or type(fields.get("masks", False)) is not bool:
        raise TypeError(name)
    model = bare(name, fields.get("kind") or _kind(name, {}) or "chat", fields)
    return model._replace(upstream=str(fields.get("upstream") or name))


def model_of(entry: Any) -> Model | None:
    """The model behind an entry of `GET /models`; None for what is of no use here."""
    name = entry.get("id") if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not name:
        return None
    kind = _kind(name, entry)
    return None if kind is None else bare(name, kind, entry)


def bare(name: str, kind: Kind, said: Mapping[str, Any]) -> Model:
    """A model of which little more is known than what it is for."""
    if kind == "chat":
        return Model(name, "chat", name, asynchronous=False, knobs=_ANY_FIELD)
    max_inputs = _max_inputs(name, said)
    return Model(
        name,
        upstream=name,
        max_side=4096,
        batch=10,
        max_inputs=max_inputs,
        masks=max_inputs > 0 and _masks(name, said),
        asynchronous=False,
        knobs=frozenset({"seed"}),
    )


def _kind(name: str, entry: Mapping[str, Any]) -> Kind | None:
    """By what the entry says of itself, as OpenRouter, AkashML, LiteLLM and Easel do; else by its name."""
    if outputs := _modalities(entry, "output"):
        return "chat" if "text" in outputs else "image" if "image" in outputs else None
    match entry.get("mode") or entry.get("kind"):
        case "chat" | "completion" | "responses":
            return "chat"
        case "image" | "image_generation" | "image_edit":
            return "image"
        case str():
            return None
    if _NEITHER.search(name):
        return None
    return "image" if _PICTURES.search(name) else "chat"


def _max_inputs(name: str, said: Mapping[str, Any]) -> int:
    """Return how many input images the list or the configuration names; one if it names no number.

    Without either it depends on the model's name: OpenAI's own models accept more.
    """
    number = said.get("max_inputs")
    if isinstance(number, int):
        return max(0, number)
    modalities = _modalities(said, "input")
    if said.get("mode") == "image_edit" or said.get("masks") is True or "image" in modalities:
        takes = True
    else:
        takes = not modalities and bool(_OPENAIS.search(name) or _EDITORS.search(name))
    return (_MOST_OF_OPENAI if _OPENAIS.search(name) else 1) if takes else 0


def _masks(name: str, said: Mapping[str, Any]) -> bool:
    masks = said.get("masks")
    return masks if isinstance(masks, bool) else bool(_OPENAIS.search(name))


def _modalities(entry: Mapping[str, Any], side: str) -> list[Any]:
    architecture = entry.get("architecture")
    found = (architecture if isinstance(architecture, Mapping) else entry).get(f"{side}_modalities")
    return found if isinstance(found, list) else []
