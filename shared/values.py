"""The frozen values that the rooms hand to each other: requests, states, outputs, media, models, jobs.

They are NamedTuples because a frozen dataclass with slots costs 0.7 ms more each at cold start. Tuples compare by their
fields alone; types that can stand in one place are `distinct`, and compare by type as well. Annotations are evaluated,
which costs half of what it takes to make a forward reference of each.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

from shared.errors import EaselError, RangeInvalid

Ref: TypeAlias = str
"""Opaque to all but its adapter; short, URL-safe, holds no secret."""

Kind: TypeAlias = Literal["image", "video", "chat"]

MAX_N = 10

Value = TypeVar("Value", bound=tuple[Any, ...])


def distinct(cls: type[Value]) -> type[Value]:
    """Class decorator: values of a NamedTuple equal only values of the same type. The hash stays the tuple's."""
    for name, method in (("__eq__", _equal), ("__ne__", _unequal)):
        setattr(cls, name, method)
    return cls


def _equal(self: tuple[Any, ...], other: object) -> bool:
    return type(self) is type(other) and tuple.__eq__(self, other)


def _unequal(self: tuple[Any, ...], other: object) -> bool:
    return not _equal(self, other)


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


class Upstream(NamedTuple):
    """What is known of an upstream without its adapter, the class `adapter` of the provider's module.

    `<NAME>_BASE_URL` replaces exactly what `base_url` says. `credential` is the variable that holds the credential of
    a single account, None where there is nothing to configure; cookie files with cookies for `cookie_domain` are
    accounts as well. A `keyless` one works without an account, once it is named in PROVIDERS. `options` are settings of
    its own with their defaults, each a variable `<NAME>_<OPTION>` or a field of an account. To `for_guests` callers may
    bring a credential of their own. Only where its adapter hands `masks` on can a model be said to take one.
    """

    name: str
    adapter: str
    base_url: str = ""
    credential: str | None = None
    cookie_domain: str = ""
    keyless: bool = False
    options: Mapping[str, str] = MappingProxyType({})
    for_guests: bool = False
    masks: bool = False


class Account(NamedTuple):
    """One way into one upstream: where it is, and the credential (empty where none is needed).

    `id` is the operator's name for it; `origins` are further origins that results may lie on; `max_concurrent` of 0
    means no limit; `options` are the provider's own settings. With a `cookie_domain` the credential is cookies for
    that site. `elsewhere` says that `base_url` is not the upstream's own: whatever it has beside that lies there, too.
    `login` names the credential that somebody brought, which `key` is or comes from; empty for the configured one.
    """

    id: str
    provider: str
    base_url: str
    key: str = ""
    origins: frozenset[str] = frozenset()
    max_concurrent: int = 0
    options: Mapping[str, str] = MappingProxyType({})
    cookie_domain: str = ""
    elsewhere: bool = False
    login: str = ""

    @property
    def replaceable(self) -> bool:
        """Whether the credential may change while the configuration stands, as cookies do."""
        return bool(self.key and self.cookie_domain)

    def __repr__(self) -> str:
        return f"Account({self.provider}/{self.id})"


class Input(NamedTuple):
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

    Sides are pixels that the model has; without `size_asked` nobody named them, and an upstream may go by the inputs'.
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
    inputs: tuple[Input, ...] = ()
    mask: Input | None = None
    size_asked: bool = True
    verbatim: Mapping[str, Any] = MappingProxyType({})

    @property
    def note(self) -> str:
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
    first_frame: Input | None = None
    last_frame: Input | None = None
    references: tuple[Input, ...] = ()
    reference_videos: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What answers about the job repeat and no upstream tells before its end: seconds and size."""
        return f"{self.seconds}-{self.size or 'auto'}"


MediaRequest: TypeAlias = ImageRequest | VideoRequest


@distinct
class Submitted(NamedTuple):
    """The upstream took the work: one ref per upstream job, or per link where it answered with links at once.

    `revised_prompt` is what it made of the prompt, where it says so.
    """

    refs: tuple[Ref, ...]
    revised_prompt: str = ""


class Made(NamedTuple):
    """A result that came inside of the answer and is nowhere else: `base64` as APIs send it, padded, on one line."""

    media_type: str
    base64: bytes


@distinct
class Finished(NamedTuple):
    """The upstream answered with the results themselves: there is no job to look at."""

    results: tuple[Made, ...]
    revised_prompt: str = ""


class Output(NamedTuple):
    """One result. `lasting` says that `ref` alone opens it for as long as our ids live, without another look.

    `media_type` is what it should be; what it is shows when it is opened.
    """

    ref: Ref
    media_type: str = "image/png"
    lasting: bool = False


@distinct
class Queued(NamedTuple):
    """`position` counts from 1; `check_after` is the upstream's own wish in seconds."""

    position: int | None = None
    check_after: float | None = None


@distinct
class Running(NamedTuple):
    """`progress` is 0 to 100."""

    progress: int | None = None
    check_after: float | None = None


@distinct
class Succeeded(NamedTuple):
    outputs: tuple[Output, ...]


@distinct
class Failed(NamedTuple):
    """The job failed, which is news and not an exception; `error` is what a caller who waits for it gets."""

    error: EaselError


Status: TypeAlias = Queued | Running | Succeeded | Failed


class ChatRequest(NamedTuple):
    """A conversation to go on with.

    `messages` are OpenAI's, as objects with at least `role`; `options` are the other fields of OpenAI's request that
    were sent, by their OpenAI names, without `model`, `messages`, `stream` and `stream_options`.
    """

    model: Model
    messages: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = MappingProxyType({})


class Usage(NamedTuple):
    """Tokens."""

    prompt: int
    completion: int


class ChatDelta(NamedTuple):
    """What came next of an answer. The last one alone has the `finish_reason`, in OpenAI's words, and the usage.

    `members` are further members of OpenAI's delta as the upstream gave them, such as `tool_calls`.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    members: Mapping[str, Any] = MappingProxyType({})


class ByteRange(NamedTuple):
    """One range of RFC 9110: from `start` through `end`; a negative `start` counts from the file's end."""

    start: int
    end: int | None = None

    def __str__(self) -> str:
        return f"bytes={self.start}" if self.start < 0 else f"bytes={self.start}-{'' if self.end is None else self.end}"

    def within(self, total: int) -> tuple[int, int]:
        """Where it starts in a file of so many bytes, and where it stops; RangeInvalid where nothing of it is there."""
        start = max(0, total + self.start) if self.start < 0 else self.start
        stop = total if self.end is None else min(self.end + 1, total)
        if start >= stop:
            raise RangeInvalid(total)
        return start, stop


class Media(NamedTuple):
    """An open result. `chunks` are the bytes asked for, as they arrive.

    `media_type` is sniffed from the first bytes, or what the upstream calls it where a range leaves those out.
    `start` is the offset of the first byte, `length` how many bytes will come, `total` the whole file's size;
    the latter two are None where the upstream does not say.
    """

    media_type: str
    chunks: AsyncIterator[bytes]
    start: int = 0
    length: int | None = None
    total: int | None = None


@runtime_checkable
class Relayed(Protocol):
    """Chunks of a Media that the host may carry on by itself, without their passing through Python."""

    def rest(self) -> Any:
        """A stream of the host's own, from the next chunk on. None where it has to come as chunks, or has ended."""


class Job(NamedTuple):
    """All that is needed to go on with a job; the signed text of it is the id that the client holds.

    `account` and `owner` are short hashes, never names or keys; an empty `owner` means that the id alone is the
    permission. `created` is in Unix seconds, `asked` the number of pictures that were asked for, and `note` what
    answers repeat of the request.
    """

    provider: str
    account: str
    model: str
    kind: Kind
    created: int
    owner: str
    asked: int
    refs: tuple[Ref, ...]
    note: str = ""


class Asset(NamedTuple):
    """One file of a job: its output `number`, from 0, which takes a look to find; or a lasting `output` itself."""

    job: Job
    number: int
    output: Ref | None = None
