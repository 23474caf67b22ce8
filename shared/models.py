"""What a model can do, and the sizes of images."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, TypeAlias

Kind: TypeAlias = Literal["image", "video", "chat"]

MAX_N = 10


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`1024x768` as clients write it; ValueError for all else, empty sides included."""
        width, _, height = text.lower().replace("*", "x").partition("x")
        size = cls(
            *(int(side) if side.isascii() and side.isdecimal() else 0 for side in (width.strip(), height.strip()))
        )
        if not size.width or not size.height:
            raise ValueError(text)
        return size


class Model(NamedTuple):
    """What a provider can do under one name.

    `sizes` lists the only sizes there are; empty means any with sides from `min_side` to `max_side`. `batch` is how
    many pictures one upstream job can make, `max_inputs` how many pictures a request may bring along, `masks` whether
    it may bring a mask for the first of them. `asynchronous` models give a job to come back to; the others answer with
    the result. `typical_seconds` is how long it usually takes, and `knobs` names the optional fields of a request that
    have an effect; the others are accepted and reported as ignored. A knob `*` stands for all fields there are.
    `settings` go upstream with every order that has room for them, under the upstream's own names. `accounts` are those
    of the provider that have the model; empty where all have it.

    Pictures with fewer than `min_pixels` are made larger, in their shape. Of a video, `seconds`, `resolutions` (like
    720p) and `ratios` (like 16:9) list what there is, the usual one first; empty means any. `frames` is 1 where a
    picture can be its first frame, 2 where one can be its last frame too; `max_inputs` and `max_videos` are for
    references.
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
    settings: Mapping[str, Any] = {}  # pydantic, which reads configured models, copies no MappingProxyType
    accounts: frozenset[str] = frozenset()
    min_pixels: int = 0
    seconds: tuple[int, ...] = ()
    resolutions: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    frames: int = 0
    max_videos: int = 0
