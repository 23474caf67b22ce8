"""The model list: OpenAI's four fields, and the capabilities of each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.catalog import ResolvedModel
from shared.models import MAX_N, Model

if TYPE_CHECKING:
    from shared.api.responses.types import Architecture, Capabilities, ModelList, ModelObject

_RELEASED = 1_767_225_600
"""A fixed date: upstreams do not publish release dates, and clients only sort by it."""


async def model_list(context: Context) -> ModelList:
    """Return every model name, including aliases."""
    names = await context.service.catalog.names()
    return {"object": "list", "data": [_model_object(name, resolved) for name, resolved in names]}


async def one_model(context: Context, name: str) -> ModelObject:
    """Return one model. Raises NotFound if there is none of this name."""
    return _model_object(name, await context.service.catalog.named(name))


def _model_object(name: str, resolved: ResolvedModel) -> ModelObject:
    """Return one entry. `root` is the model that an alias refers to."""
    model = resolved.model
    return {
        "id": name,
        "object": "model",
        "created": _RELEASED,
        "owned_by": resolved.provider,
        "permission": None,
        "root": model.id,
        "parent": None,
        "kind": model.kind,
        "stream": model.kind != "video",
        "parameters": sorted(model.knobs),
        "async": model.kind != "chat" and model.asynchronous,
        "architecture": _architecture(model),
        **_capabilities(model),
    }


def _architecture(model: Model) -> Architecture:
    if model.kind == "chat":
        return {"input_modalities": ["text"], "output_modalities": ["text"]}
    inputs = ["text", "image"] if model.max_inputs or model.frames else ["text"]
    return {"input_modalities": inputs, "output_modalities": [model.kind]}


def _capabilities(model: Model) -> Capabilities:
    """Return what an image or video model accepts. `frames` is the number of frames: a first one, or also a last."""
    if model.kind == "chat":
        return {}
    fields: Capabilities = {
        "max_n": MAX_N,
        "default_size": str(model.default_size),
        "sizes": [str(size) for size in model.sizes] or None,
        "max_side": model.max_side,
        "edits": model.max_inputs > 0,
        "max_inputs": model.max_inputs,
        "masks": model.masks,
    }
    return {**fields, **_video_capabilities(model)} if model.kind == "video" else fields


def _video_capabilities(model: Model) -> Capabilities:
    return {
        "max_n": 1,
        "default_size": None,
        "max_side": None,
        "edits": False,
        "seconds": sorted(model.seconds),
        "resolutions": list(model.resolutions),
        "ratios": list(model.ratios),
        "frames": model.frames,
        "max_videos": model.max_videos,
    }
