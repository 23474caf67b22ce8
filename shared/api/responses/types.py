"""Types of response bodies, for /openapi.json and for the code that builds responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias

from pydantic import GetPydanticSchema
from pydantic_core import core_schema
from typing_extensions import TypedDict

from shared.json_stream import Base64
from shared.models import Kind

FileText: TypeAlias = Annotated[str | Base64, GetPydanticSchema(lambda kind, handler: core_schema.str_schema())]
"""A string that may hold files as base64."""

JobStatus: TypeAlias = Literal["queued", "in_progress", "completed", "failed"]
ZimageTaskStatus: TypeAlias = Literal["pending", "processing", "completed", "failed"]


class ErrorObject(TypedDict):
    """`message` is self-contained, `code` is for programs, `param` names the invalid field."""

    message: str
    type: str
    param: str | None
    code: str | None
    details: NotRequired[dict[str, Any]]
    job: NotRequired[str]


class ErrorAnswer(TypedDict):
    """The body of every error. Some routes add fields for older clients."""

    error: ErrorObject


class ImageObject(TypedDict):
    """An image: a link, its bytes in base64, or both."""

    url: NotRequired[FileText]
    b64_json: NotRequired[FileText]
    revised_prompt: NotRequired[str]


class Images(TypedDict):
    """OpenAI's ImagesResponse. `missing` counts requested images that could not be generated."""

    created: int
    data: list[ImageObject]
    model: str
    size: NotRequired[str]
    job: NotRequired[str]
    missing: NotRequired[int]


class File(TypedDict):
    url: str
    media_type: str


class JobObject(TypedDict):
    """A job; also a valid ImagesResponse, whose list is empty until the images are ready."""

    id: str
    object: Literal["job"]
    kind: Kind
    status: JobStatus
    progress: int
    created: int
    expires_at: int
    model: str
    data: list[File]
    error: ErrorObject | None
    missing: NotRequired[int]


class JobDeleted(TypedDict):
    """`deleted` is false if the job could no longer be cancelled."""

    id: str
    object: Literal["job.deleted"]
    deleted: bool


class ZimageTask(TypedDict):
    uuid: str
    taskStatus: ZimageTaskStatus
    model: str
    progress: int
    resultUrl: str | None
    resultUrls: list[str]
    errorMessage: str | None


class ZimageTaskData(TypedDict):
    task: ZimageTask
    queuePosition: NotRequired[int]


class ZimageAnswer(TypedDict):
    """A job in zimage.run's format."""

    success: Literal[True]
    data: ZimageTaskData


class ZimageLinks(TypedDict):
    images: list[str]


class ZimageDone(TypedDict):
    """The links to a job's images."""

    uuid: str
    status: Literal["completed"]
    image_urls: list[str]
    task_info: ZimageTask
    success: Literal[True]
    data: ZimageLinks


class Architecture(TypedDict):
    input_modalities: list[str]
    output_modalities: list[str]


class Capabilities(TypedDict):
    """What an image or video model accepts."""

    max_n: NotRequired[int]
    default_size: NotRequired[str | None]
    sizes: NotRequired[list[str] | None]
    max_side: NotRequired[int | None]
    edits: NotRequired[bool]
    max_inputs: NotRequired[int]
    masks: NotRequired[bool]
    seconds: NotRequired[list[int]]
    resolutions: NotRequired[list[str]]
    ratios: NotRequired[list[str]]
    frames: NotRequired[int]
    max_videos: NotRequired[int]


# Functional syntax, because `async` is a keyword.
Asynchronous = TypedDict("Asynchronous", {"async": bool})


class ModelObject(Asynchronous, Capabilities):
    """OpenAI's four fields, and what the model accepts and returns."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    permission: None
    root: str
    parent: None
    kind: Kind
    stream: bool
    parameters: list[str]
    architecture: Architecture


class ModelList(TypedDict):
    object: Literal["list"]
    data: list[ModelObject]


class AccountHealth(TypedDict):
    account_id: str
    provider: str
    enabled: bool
    active_tasks: int
    in_cooldown: bool
    cooldown_remaining: int
    last_error: str | None


class Health(TypedDict):
    """Service health. `accounts` is present only for operators."""

    status: Literal["healthy"]
    service: Literal["easel"]
    message: str
    timestamp: int
    concurrent_tasks: int
    max_concurrent: int
    accounts_total: int
    accounts_available: int
    accounts: NotRequired[list[AccountHealth]]


class Home(TypedDict):
    name: str
    message: str
    base_url: str
    models: str
    health: str
    docs: str


class OpenApi(TypedDict):
    """An OpenAPI document."""

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    servers: list[dict[str, str]]
    tags: list[dict[str, str]]
    paths: dict[str, dict[str, Any]]
    components: dict[str, dict[str, Any]]


class CookiesTaken(TypedDict):
    success: Literal[True]
    cookie_count: int
    account_id: str
    providers: dict[str, int]
    message: str


class CleanedUp(TypedDict):
    deleted_count: int
    deleted_files: list[str]
    message: str


class ImageUrl(TypedDict):
    url: FileText


class ImagePart(TypedDict):
    type: Literal["image_url"]
    index: int
    image_url: ImageUrl


class Shown(TypedDict):
    """The fields of a message that contain images."""

    content: FileText | None
    images: NotRequired[list[ImagePart]]


class Message(Shown):
    role: Literal["assistant"]
    refusal: NotRequired[None]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[dict[str, Any]]]
    task_uuid: NotRequired[str]


class Choice(TypedDict):
    index: int
    message: Message
    logprobs: dict[str, Any] | None
    finish_reason: str | None


class Usage(TypedDict):
    """The upstream's own figures, with any others that it has."""

    prompt_tokens: NotRequired[int]
    completion_tokens: NotRequired[int]
    total_tokens: NotRequired[int]
    prompt_tokens_details: NotRequired[dict[str, Any]]
    completion_tokens_details: NotRequired[dict[str, Any]]
    cost: NotRequired[float]


class ChatCompletion(TypedDict):
    """OpenAI's chat completion and the upstream's other fields; with images, also fields for older clients."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: NotRequired[Usage]
    model_info: NotRequired[dict[str, Any]]
    task_id: NotRequired[str]
    response: NotRequired[str]
    status: NotRequired[str]
    imageUrl: NotRequired[str]
    code: NotRequired[int]
    data: NotRequired[dict[str, Any]]
