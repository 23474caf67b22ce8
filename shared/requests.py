"""Validated image, video and chat requests."""

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from shared.models import Model, Size


class InputImage(NamedTuple):
    """An input image of a request. Each call of `read` yields its bytes in chunks, from the start.

    `url` is the caller's URL, for upstreams that fetch it themselves; empty if the bytes are in the request.
    `media_type` and `size` in bytes are known unless there is a `url`.
    """

    read: Callable[[], AsyncIterator[bytes]]
    media_type: str = ""
    size: int | None = None
    url: str = ""


class ImageRequest(NamedTuple):
    """An image request, optionally with `inputs`.

    `size` is in pixels and one that the model supports; without `size_requested` the caller named none, and an upstream
    may derive it from the inputs. `delay` is a simulated queue time in seconds (sketch). `verbatim` is the request body
    in the upstream's own format, if one of its own clients sent it.
    """

    model: Model
    prompt: str
    size: Size
    n: int = 1
    negative_prompt: str = ""
    seed: int | None = None
    delay: float = 0.0
    inputs: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    size_requested: bool = True
    verbatim: Mapping[str, Any] = MappingProxyType({})

    @property
    def summary(self) -> str:
        return ""


class VideoRequest(NamedTuple):
    """A video request: from the prompt alone, a first frame, first and last frame, or references.

    `seconds`, `resolution` and `ratio` are supported by the model. An empty ratio lets the upstream derive it from the
    images. `size` is nominal, None if only the upstream knows it. Other fields that are None take the upstream's
    default. `reference_videos` are URLs that the upstream fetches.
    """

    model: Model
    prompt: str
    seconds: int
    resolution: str
    ratio: str = ""
    size: Size | None = None
    n: int = 1
    seed: int | None = None
    camera_fixed: bool | None = None
    watermark: bool | None = None
    return_last_frame: bool | None = None
    generate_audio: bool | None = None
    first_frame: InputImage | None = None
    last_frame: InputImage | None = None
    references: tuple[InputImage, ...] = ()
    reference_videos: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Return seconds and size: responses about the job repeat them, and no upstream returns them before its end."""
        return f"{self.seconds}-{self.size or 'auto'}"


MediaRequest: TypeAlias = ImageRequest | VideoRequest


class ChatRequest(NamedTuple):
    """A chat request.

    `messages` are OpenAI's, as objects with at least `role`; `options` are the other fields that were sent, by their
    OpenAI names, without `model`, `messages`, `stream` and `stream_options`. `stream` is whether the caller streams.
    """

    model: Model
    messages: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = MappingProxyType({})
    stream: bool = True
