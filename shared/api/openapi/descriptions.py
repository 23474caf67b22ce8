"""Descriptions in /openapi.json: the introduction, fields, error codes and response headers."""

from __future__ import annotations

from typing import Any

INTRODUCTION = """\
Easel provides OpenAI's API for many generators; any OpenAI client works with it. `GET /v1/models` lists the models and
what each of them supports.

* Every path that begins with `/v1` also works without it; `HEAD` works wherever `GET` does, without the body.
* The job id holds the whole job: the API key that submitted the job can poll it until it expires.
* Parameters that a model does not use are ignored and named in `easel-ignored`; unsupported features are refused.
* Every error is `{"error": {"message", "type", "param", "code"}}`. Before an upstream accepts the request, the status
  tells the cause; once it may have accepted it, the status is 424, which no client retries, and `error.job` is the job.
* Retries with the same `Idempotency-Key` within ten minutes return the same job.
"""

FIELDS = {
    "prompt": "What to generate.",
    "model": "A model from /v1/models. Default: the first one configured for this kind.",
    "n": "Number of results. Videos and texts are limited to one.",
    "width": "Width in pixels, with `height`; used if `size` is not given.",
    "height": "Height in pixels, with `width`; used if `size` is not given.",
    "response_format": "A link, or the bytes in base64. Default: both, unless the server is set to one.",
    "stream": "Respond with server-sent events as results become ready.",
    "partial_images": "Accepted for OpenAI's clients; no model returns partial images.",
    "negative_prompt": "What to leave out of the result.",
    "delay": "Only for `sketch`: seconds of a simulated queue.",
    "image": "One or more input images.",
    "mask": "A PNG, transparent where the first image is to be edited; only for models with `masks` in /v1/models.",
    "images": "More input images. For a video: references, or frames depending on `reference_mode`.",
    "seconds": "Length of the video. An unsupported one is replaced by the nearest, and named in `easel-ignored`.",
    "duration": "Alias of `seconds`.",
    "camera_fixed": "Whether the camera is fixed.",
    "camerafixed": "Alias of `camera_fixed`.",
    "watermark": "Whether the upstream may add its watermark to the video.",
    "return_last_frame": "Whether to return the last frame as an image, too.",
    "generate_audio": "Whether to generate sound.",
    "reference_mode": "How to use `images`: as references, or with `first_last_frame` as the first and last frame.",
    "input_reference": "The first frame, under OpenAI's name.",
    "first_frame_image": "The first frame. Cannot be combined with `input_reference`.",
    "last_frame_image": "The last frame. Requires a first frame.",
    "reference_videos": "URLs of reference videos.",
    "messages": "The conversation so far. Other roles, parts and fields depend on the model.",
    "stream_options": "`include_usage` adds a final chunk with token usage.",
    "temperature": "Sampling temperature.",
    "top_p": "Nucleus sampling: the probability mass of tokens to consider.",
    "max_tokens": "Maximum number of tokens in the response.",
    "max_completion_tokens": "OpenAI's current name of `max_tokens`.",
    "modalities": "With `image`, images are returned in `message.images` instead of Markdown.",
    "extra_body": "Fields of Z-Image clients, read as if they were at the top level.",
    "waitForImage": "For clients of AkashGen proxies: false returns the job at once.",
    "cookies": "The export of a browser extension, or cookies.txt as a string.",
    "account_id": "The account of the cookies. Default: `default`.",
    "file": "The cookie export.",
    "id": "An id from a previous response.",
    "extension": "File extension, for readability only; the content type gives the actual type.",
}
PICLUMEN_FIELD = "A setting of PicLumen, passed on unchanged."

CODES = {
    "cancelled": "the job was cancelled",
    "context_length_exceeded": "the conversation exceeds the model's context length",
    "cookies_rejected": "the upstream rejected these cookies",
    "deadline_exceeded": "the response was not finished in time",
    "empty_file": "an empty file",
    "failed_to_download_image": "an image could not be downloaded from its URL",
    "generation_blocked": "the upstream blocks generation for this account",
    "headers_too_large": "headers of more than 64 KB or 100 lines, on the local server and in a container",
    "image_not_ready": "the image is not ready yet",
    "invalid_account_id": "an account id that is not a string",
    "invalid_base64_image": "a data URL that cannot be decoded",
    "invalid_encoding": "a compressed body that is damaged or cut off",
    "invalid_form": "a malformed form",
    "invalid_format": "an export without usable cookies",
    "invalid_http": "malformed HTTP, on the local server and in a container",
    "invalid_image_format": "a file that is not a PNG, JPEG, WebP or GIF",
    "invalid_image_url": "neither a data URL nor an http or https URL",
    "invalid_json": "a body that is not valid JSON",
    "invalid_n": "more than one video",
    "missing_file": "a form without its file",
    "missing_image": "an edit without an input image",
    "model_not_found": "the model does not exist",
    "no_image_request": "the upstream found no image request in the prompt",
    "not_cancellable": "the upstream does not support cancelling jobs",
    "not_deletable": "the upstream does not support deleting jobs",
    "region_restricted": "the upstream is not available in the account's region",
    "request_timeout": "a request that did not arrive in time, on the local server and in a container",
    "response_too_large": "the response is too large for this host",
    "unknown_url": "no route at this URL",
    "unsupported_encoding": "a body compressed in a way other than gzip or deflate",
    "upstream_blocked": "the upstream blocks our requests for a while",
    "upstream_model_not_open": "the model is not activated for the account",
    "video_not_ready": "the video is not ready yet",
}
"""Error codes that are more specific than the error class."""

_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": r"^\d+$"}

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "x-request-id": ("The id of this request in the server log.", _TEXT),
    "easel-ignored": ("The ignored parameters, separated by commas.", _TEXT),
    "easel-job": (
        "The job id, also sent with streams unless it exceeds 2,000 characters. Use it to poll the job.",
        _TEXT,
    ),
    "easel-idempotency": (
        "The server has no room to record this request: a retry of it cannot be recognized.",
        {"const": "unrecorded"},
    ),
    "easel-note": ("A note about this response.", _TEXT),
    "location": ("The URL of the job, for polling.", _TEXT),
    "preference-applied": ("The preferences of `Prefer` that were applied (RFC 7240).", _TEXT),
    "openai-poll-after-ms": ("When to poll again, in milliseconds. Absent once the job has ended.", _NUMBER),
    "retry-after": ("When to retry or poll again, in seconds.", _NUMBER),
    "retry-after-ms": ("`retry-after` in milliseconds.", _NUMBER),
    "x-should-retry": ("Whether a retry may succeed without being billed twice.", {"enum": ["true", "false"]}),
    "www-authenticate": ("The authentication scheme.", _TEXT),
    "content-range": ("The byte range of this response and the total size.", _TEXT),
    "accept-ranges": ("Range requests are supported.", {"const": "bytes"}),
    "etag": ("The identifier of the file's content.", _TEXT),
    "cache-control": ("How long the file may be cached.", _TEXT),
}
OF_ERRORS = ("x-should-retry",)
OF_STATUS = {
    202: ("location", "preference-applied", "openai-poll-after-ms", "retry-after"),
    206: ("content-range",),
    401: ("www-authenticate",),
    416: ("content-range",),
    424: ("location",),
    429: ("retry-after", "retry-after-ms"),
    502: ("retry-after", "retry-after-ms"),
    503: ("retry-after", "retry-after-ms"),
}
"""By status, in addition to the headers of all responses, of all errors, and of the operation."""
