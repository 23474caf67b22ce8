"""Validated requests: images, videos and chats that a caller wants made."""

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from shared.models import Model, Size


class InputImage(NamedTuple):
    """A picture that a request brings along. `read` gives its bytes in pieces, from the start whenever it is called.

    `url` is where the caller has it, for upstreams that fetch it themselves; empty where the bytes came along.
    `media_type` and `size` in bytes are known unless it lies at a `url`.
    """

    read: Callable[[], AsyncIterator[bytes]]
    media_type: str = ""
    size: int | None = None
    url: str = ""


class ImageRequest(NamedTuple):
    """A picture to make, from `inputs` where there are some.

    Sides are pixels that the model has; without `size_requested` nobody named them, and an upstream may go by the inputs'.
    `delay` are seconds of simulated queue (sketch). `verbatim` is the order as the upstream's own clients write it,
    where one of them wrote it: it goes out as it is.
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
    """A video to make: from the prompt alone, from its first frame or both ends, or after references.

    `seconds`, `resolution` and `ratio` are some that the model has; the empty ratio leaves it to the upstream, which
    goes by the pictures, and `size` is the nominal one, empty where only the upstream knows. None is the upstream's
    choice as well. `reference_videos` are addresses that the upstream fetches.
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
        """What answers about the job repeat and no upstream tells before its end: seconds and size."""
        return f"{self.seconds}-{self.size or 'auto'}"


MediaRequest: TypeAlias = ImageRequest | VideoRequest


class ChatRequest(NamedTuple):
    """A conversation to go on with.

    `messages` are OpenAI's, as objects with at least `role`; `options` are the other fields of OpenAI's request that
    were sent, by their OpenAI names, without `model`, `messages`, `stream` and `stream_options`.
    """

    model: Model
    messages: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = MappingProxyType({})
