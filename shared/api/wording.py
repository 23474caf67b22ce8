"""What /openapi.json says in words where a type cannot: about the whole, its fields, and the headers of its answers."""

from __future__ import annotations

from typing import Any

INTRODUCTION = """\
Easel speaks OpenAI's API in front of many generators: any OpenAI client works with it. `GET /v1/models` lists what
there is, and what each model can do.

* Every path that begins with `/v1` answers without it too; `HEAD` answers wherever `GET` does, without the body.
* A job's id is all there is to a job: whoever has the key that started it can look at it until it expires.
* What a model has no use for is left aside and named in `easel-ignored`; what it cannot do is refused.
* Every error is `{"error": {"message", "type", "param", "code"}}`. Before an upstream took the work, the status says
  what went wrong; once it may have taken it, it is 424, which no client repeats, and `error.job` says which job it is.
* A request that is sent again within ten minutes under the same `Idempotency-Key` joins the same job.
"""

FIELDS = {
    "prompt": "What to make, in words.",
    "model": "One of /v1/models; without one, the first that is configured for this.",
    "n": "How many to make. Videos and texts come one at a time.",
    "width": "Pixels, with `height`, where no `size` is given.",
    "height": "Pixels, with `width`, where no `size` is given.",
    "response_format": "A link, or the bytes in base64; without it both, unless the server is set to one of them.",
    "stream": "Answer with server-sent events as things get ready.",
    "partial_images": "For OpenAI's clients: no model here shows unfinished pictures.",
    "negative_prompt": "What should not be in it.",
    "delay": "Of `sketch`: seconds of a simulated queue.",
    "image": "A picture to begin with, or several.",
    "mask": "A PNG that is clear where the first picture is to be changed; only for models with `masks` in /v1/models.",
    "images": "Further pictures. Of a video: references, or frames where `reference_mode` says so.",
    "seconds": "Length of the video. The model's nearest one is taken, named in `easel-ignored`.",
    "duration": "The same as `seconds`.",
    "camera_fixed": "Whether the camera stands still.",
    "camerafixed": "The same as `camera_fixed`.",
    "watermark": "Whether the upstream may draw its mark into the video.",
    "return_last_frame": "Whether the last frame is wanted as a picture too.",
    "generate_audio": "Whether there is to be sound.",
    "reference_mode": "What `images` are: references, or with `first_last_frame` the first and the last frame.",
    "input_reference": "The first frame, as OpenAI's clients call it.",
    "first_frame_image": "The first frame. Not beside `input_reference`.",
    "last_frame_image": "The last frame, beside a first one.",
    "reference_videos": "Addresses of videos to go by.",
    "messages": "The conversation so far. Roles, parts and members beyond these are the model's own.",
    "stream_options": "`include_usage` adds a last chunk with the tokens.",
    "temperature": "How much chance there is in the answer.",
    "top_p": "How much of the likeliest words is considered.",
    "max_tokens": "The longest answer.",
    "max_completion_tokens": "The same, as OpenAI calls it now.",
    "modalities": "With `image`, pictures come as `message.images` and not as Markdown.",
    "extra_body": "What OpenAI's clients for Z-Image put there, read as if it stood outside.",
    "waitForImage": "Of clients of AkashGen proxies: false answers with the job at once.",
    "cookies": "An export of a browser's extension, or cookies.txt as a text.",
    "account_id": "Whose they are; without one, `default`.",
    "file": "The export.",
    "authorization_token": "The caller's own PicLumen token: the work is then done on that account.",
    "authorization-token": "The same as a header.",
    "mark_id": "The mark that /generate-image gave.",
    "index": "Which of the job's files, from 0.",
    "variant": "OpenAI's name for what else there may be of a video: here the video alone.",
    "id": "An id as an answer gave it.",
    "extension": "A hint for people: what the file is shows in its content type.",
}
PICLUMEN_FIELD = "One of PicLumen's own settings, which goes there as it is."

CODES = {
    "cancelled": "the job was cancelled",
    "context_length_exceeded": "the conversation is longer than the model can follow",
    "cookies_rejected": "the upstream does not take these cookies",
    "deadline_exceeded": "an answer was not finished in time",
    "empty_file": "a file with nothing in it",
    "failed_to_download_image": "a picture could not be fetched from its address",
    "generation_blocked": "the upstream suspects the account, and generates nothing for it",
    "image_not_ready": "a file that is not there yet",
    "invalid_account_id": "an account's name that is no text",
    "invalid_base64_image": "a data URL that cannot be decoded",
    "invalid_form": "a form that cannot be read",
    "invalid_format": "an export without cookies that are of use",
    "invalid_image_format": "a file that is no PNG, JPEG, WebP or GIF",
    "invalid_image_url": "neither a data URL nor an http or https address",
    "invalid_json": "a body that is no JSON",
    "invalid_n": "more than one video",
    "missing_file": "a form without its file",
    "missing_image": "an edit without a picture to begin with",
    "model_not_found": "no such model",
    "no_image_request": "the upstream saw no wish for a picture in the prompt",
    "not_cancellable": "a job of an upstream that cancels nothing",
    "not_deletable": "a job of an upstream that deletes nothing",
    "region_restricted": "the upstream makes nothing where its account is",
    "response_too_large": "the answer would be too large for this host",
    "unknown_url": "nothing at this address",
    "upstream_blocked": "the upstream keeps us out for a while",
    "upstream_model_not_open": "the account has not opened this model",
    "video_not_ready": "a file that is not there yet",
}
"""Causes that are told more closely than by the kind of an error alone."""

_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": r"^\d+$"}

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "x-request-id": ("By which the log knows this request.", _TEXT),
    "easel-ignored": ("What of the request had to be left aside, as a list with commas.", _TEXT),
    "easel-job": ("The id of the job, in the head of a stream too, unless it is longer than 2,000 characters.", _TEXT),
    "easel-idempotency": (
        "The server has no room to record this request: a retry of it cannot be recognized.",
        {"const": "unrecorded"},
    ),
    "easel-note": ("A word about this answer.", _TEXT),
    "location": ("Where the job is to be looked at.", _TEXT),
    "preference-applied": ("What of `Prefer` was kept to (RFC 7240).", _TEXT),
    "openai-poll-after-ms": ("When to look again, in milliseconds. Not there once the job has ended.", _NUMBER),
    "retry-after": ("When to come again, in seconds, where that makes sense.", _NUMBER),
    "retry-after-ms": ("The same in milliseconds.", _NUMBER),
    "x-should-retry": ("Whether the same request can succeed with nothing bought twice.", {"enum": ["true", "false"]}),
    "www-authenticate": ("How to bring a key.", _TEXT),
    "content-range": ("Which bytes of how many these are.", _TEXT),
    "accept-ranges": ("That parts of the file can be had.", {"const": "bytes"}),
    "etag": ("By which the file is known again.", _TEXT),
    "cache-control": ("For how long the file may be kept.", _TEXT),
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
"""Beside those of all answers, of all errors, and of an operation itself."""
