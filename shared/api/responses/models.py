"""The model list: OpenAI's four fields, and the capabilities of each model."""

from __future__ import annotations

from typing import Any

from shared.api.context import Context
from shared.catalog import ResolvedModel
from shared.models import MAX_N, Model

_RELEASED = 1_767_225_600
"""A fixed date: upstreams do not publish release dates, and clients only sort by it."""


async def model_list(context: Context) -> dict[str, Any]:
    """Return every model name, including aliases."""
    names = await context.service.catalog.names()
    return {"object": "list", "data": [_model_object(name, offer) for name, offer in names]}


async def one_model(context: Context, name: str) -> dict[str, Any]:
    return _model_object(name, await context.service.catalog.named(name))


def _model_object(name: str, offer: ResolvedModel) -> dict[str, Any]:
    """Return one entry. `root` is the model that an alias refers to."""
    model = offer.model
    return {
        "id": name,
        "object": "model",
        "created": _RELEASED,
        "owned_by": offer.provider,
        "permission": None,
        "root": model.id,
        "parent": None,
        "kind": model.kind,
        "stream": True,
        "parameters": sorted(model.knobs),
        **(_TALKS if model.kind == "chat" else _makes(model)),
    }


def _makes(model: Model) -> dict[str, Any]:
    return {
        "max_n": MAX_N,
        "default_size": str(model.default_size),
        "sizes": [str(size) for size in model.sizes] or None,
        "max_side": model.max_side,
        "async": model.asynchronous,
        "edits": model.max_inputs > 0,
        "max_inputs": model.max_inputs,
        "masks": model.masks,
        **(_video_members(model) if model.kind == "video" else {}),
        "architecture": {
            "input_modalities": ["text", "image"] if model.max_inputs or model.frames else ["text"],
            "output_modalities": [model.kind],
        },
    }


_TALKS = {"async": False, "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]}}


def _video_members(model: Model) -> dict[str, Any]:
    """Return the fields that replace sizes. `frames` is the number of frames: a first one, or also a last one."""
    return {
        "max_n": 1,
        "default_size": None,
        "max_side": None,
        "stream": False,
        "edits": False,
        "seconds": sorted(model.seconds),
        "resolutions": list(model.resolutions),
        "ratios": list(model.ratios),
        "frames": model.frames,
        "max_videos": model.max_videos,
    }
