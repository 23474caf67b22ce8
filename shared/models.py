"""Models, their capabilities, and image sizes."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, TypeAlias

Kind: TypeAlias = Literal["image", "video", "chat"]

MAX_N = 10


class Size(NamedTuple):
    """Image size in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `1024x768`, also with `*` or a multiplication sign. Raises ValueError for anything else."""
        width, _, height = text.lower().replace("*", "x").replace("×", "x").partition("x")
        size = cls(
            *(int(side) if side.isascii() and side.isdecimal() else 0 for side in (width.strip(), height.strip()))
        )
        if not size.width or not size.height:
            raise ValueError(text)
        return size


class Model(NamedTuple):
    """A provider's model, with its capabilities and limits.

    `sizes` lists the supported sizes; empty means any with sides from `min_side` to `max_side`. `batch` is the number
    of images that one upstream job can make, `max_inputs` the number of input images that a request may have, `masks`
    whether it may have a mask for the first of them. `asynchronous` models return a job to poll; the others respond
    with the result. `typical_seconds` is the usual duration, and `knobs` names the optional request fields that have
    an effect; the others are accepted and reported as ignored. A knob `*` stands for all fields. `settings` are sent
    upstream with every request that supports them, under the upstream's own names. `accounts` are the provider's
    accounts that have the model; empty if all have it.

    Sizes with fewer than `min_pixels` are scaled up and those with more than `max_pixels`, unless it is 0, scaled down,
    keeping the aspect ratio. For videos, `seconds`, `resolutions` (like 720p) and `ratios` (like 16:9) list the
    supported values, the default first; empty means any. `frames` is 1 if an image can be the first frame, 2 if one can
    be the last frame too; `max_inputs` and `max_videos` limit references.
    """

    id: str
    kind: Kind = "image"
    upstream: str = ""
    default_size: Size = Size(1024, 1024)
    sizes: tuple[Size, ...] = ()
    min_side: int = 64
    max_side: int = 2048
    batch: int = 1
    max_inputs: int = 0
    masks: bool = False
    asynchronous: bool = True
    typical_seconds: float | None = None
    knobs: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = {}  # pydantic, which validates configured models, cannot copy a MappingProxyType
    accounts: frozenset[str] = frozenset()
    min_pixels: int = 0
    seconds: tuple[int, ...] = ()
    resolutions: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    frames: int = 0
    max_videos: int = 0
    max_pixels: int = 0
