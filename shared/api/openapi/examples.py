"""Examples of request and response bodies for /openapi.json."""

from __future__ import annotations

from typing import Any

from shared.api.openapi.json_schema import SMALL_PICTURE
from shared.api.requests.chat import ChatCreate
from shared.api.requests.cookies import Export
from shared.api.requests.image_edits import ImageEdit
from shared.api.requests.images import ImageGenerate
from shared.api.requests.piclumen import GenerateImage
from shared.api.requests.videos import VideoCreate
from shared.api.responses.piclumen_types import PiclumenStarted, PiclumenState
from shared.api.responses.types import (
    ChatCompletion,
    CleanedUp,
    CookiesTaken,
    ErrorAnswer,
    Health,
    Home,
    Images,
    JobDeleted,
    JobObject,
    ModelList,
    ModelObject,
    ZimageAnswer,
    ZimageDone,
)
from shared.api.responses.video_types import Video, VideoAssets, VideoDeleted, VideoMade, VideoPage, VideoTask

_HOST = "https://easel.example"
_JOB = "v~sketch~R76GaBvH~c2tldGNo~6b0d70d2~PtHa8381NWI~1~0-1024x1024~H1lGP9GJi-xja6HvcEH6nqVnUOcoMPaQiHxf-rkikFE"
_PICTURE = f"{_HOST}/images/0~{_JOB}.png"
_VIDEO = f"{_HOST}/videos/0~{_JOB}.mp4"
_MADE, _EXPIRES = 1_796_042_962, 1_796_129_362
_ZIMAGE = {
    "uuid": _JOB,
    "taskStatus": "completed",
    "model": "zimage-turbo",
    "progress": 100,
    "resultUrl": _PICTURE,
    "resultUrls": [_PICTURE],
    "errorMessage": None,
}
_UPSTREAM = {"provider_task_id": "cgt-20261130124922-saaaa", "provider_item_ids": None, "provider_generate_id": None}
_TASK = {"id": f"vtask_{_JOB}", "status": "succeeded", "provider_task_id": _UPSTREAM["provider_task_id"]}
_MODEL = {
    "id": "sketch",
    "object": "model",
    "created": 1_767_225_600,
    "owned_by": "sketch",
    "permission": None,
    "root": "sketch",
    "parent": None,
    "kind": "image",
    "stream": True,
    "parameters": ["delay", "negative_prompt", "seed"],
    "max_n": 10,
    "default_size": "1024x1024",
    "sizes": None,
    "max_side": 2048,
    "async": True,
    "edits": False,
    "max_inputs": 0,
    "masks": False,
    "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]},
}
_FILM = {
    "id": f"video_{_JOB}",
    "object": "video",
    "model": "seedance-2.0",
    "status": "in_progress",
    "progress": 40,
    "created_at": _MADE,
    "completed_at": None,
    "expires_at": _EXPIRES,
    "prompt": None,
    "seconds": "5",
    "size": "1280x720",
    "remixed_from_video_id": None,
    "error": None,
}

EXAMPLES: dict[Any, Any] = {
    ImageGenerate: {
        "prompt": "a lighthouse at dusk",
        "size": "1536x1024",
        "seed": 7,
        "response_format": "url",
    },
    ImageEdit: {"prompt": "the same in winter", "image": SMALL_PICTURE},
    VideoCreate: {"prompt": "waves on a beach", "seconds": 5, "ratio": "16:9"},
    ChatCreate: {
        "messages": [{"role": "user", "content": "What does a lighthouse look like?"}],
        "stream": False,
    },
    GenerateImage: {"prompt": "a lighthouse at dusk"},
    Export: {"cookies": [{"name": "sessionid", "value": "0123456789abcdef", "domain": ".jianying.com"}]},
    Images: {
        "created": _MADE,
        "data": [{"url": _PICTURE}],
        "model": "sketch",
        "size": "1536x1024",
        "job": _JOB,
    },
    JobObject: {
        "id": _JOB,
        "object": "job",
        "kind": "image",
        "status": "completed",
        "progress": 100,
        "created": _MADE,
        "expires_at": _EXPIRES,
        "model": "sketch",
        "data": [{"url": _PICTURE, "media_type": "image/png"}],
        "error": None,
    },
    JobDeleted: {"id": _JOB, "object": "job.deleted", "deleted": True},
    ZimageAnswer: {"success": True, "data": {"task": _ZIMAGE}},
    ZimageDone: {
        "uuid": _JOB,
        "status": "completed",
        "image_urls": [_PICTURE],
        "task_info": _ZIMAGE,
        "success": True,
        "data": {"images": [_PICTURE]},
    },
    ErrorAnswer: {
        "error": {
            "message": "'n': Input should be less than or equal to 10.",
            "type": "invalid_request_error",
            "param": "n",
            "code": "invalid_value",
        }
    },
    ModelObject: _MODEL,
    ModelList: {"object": "list", "data": [_MODEL]},
    Health: {
        "status": "healthy",
        "service": "easel",
        "message": "easel is running",
        "timestamp": _MADE,
        "concurrent_tasks": 0,
        "max_concurrent": 0,
        "accounts_total": 2,
        "accounts_available": 2,
    },
    Home: {
        "name": "Easel",
        "message": "API service is running",
        "base_url": f"{_HOST}/v1",
        "models": f"{_HOST}/v1/models",
        "health": f"{_HOST}/v1/health",
        "docs": f"{_HOST}/docs",
    },
    CookiesTaken: {
        "success": True,
        "cookie_count": 12,
        "account_id": "default",
        "providers": {"jimeng": 12},
        "message": "'default' now uses 12 new cookies.",
    },
    CleanedUp: {"deleted_count": 0, "deleted_files": [], "message": "Easel stores no files."},
    ChatCompletion: {
        "id": "chatcmpl-5f1c0c8d5a9e4b0f8a6d2c3b4e5f6a7b",
        "object": "chat.completion",
        "created": _MADE,
        "model": "parrot",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A tall white tower with a light on top."},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 10, "total_tokens": 21},
    },
    PiclumenStarted: {
        "statuscode": 200,
        "message": "Image creation initiated",
        "mark_id": _JOB,
        "status": "pending",
    },
    PiclumenState: {
        "statuscode": 200,
        "status": "success",
        "message": "Image generation successful",
        "image_url": _PICTURE,
        "image_urls": [_PICTURE],
    },
    Video: _FILM,
    VideoDeleted: {"id": _FILM["id"], "object": "video.deleted", "deleted": True},
    VideoPage: {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    },
    VideoMade: {
        "created": _MADE,
        "data": [{"url": _VIDEO}],
        "model": "seedance-2.0",
        "job": _JOB,
    },
    VideoTask: {
        **_TASK,
        **_UPSTREAM,
        "created": _MADE,
        "model": "seedance-2.0",
        "result": {"url": _VIDEO, "last_frame_url": None, **_UPSTREAM},
        "error": None,
    },
    VideoAssets: {**_TASK, "assets": [_VIDEO]},
}
"""By the type of the body. The document itself and the form with a file have none."""

EVENTS = {
    "/chat/": 'data: {"id":"chatcmpl-5f1c","object":"chat.completion.chunk","created":1796042962,"model":"parrot",'
    '"choices":[{"index":0,"delta":{"content":"A tall"},"logprobs":null,"finish_reason":null}]}\n\ndata: [DONE]\n\n',
    "/images/": f": job {_JOB}\n\n"
    "event: image_generation.completed\n"
    f'data: {{"type":"image_generation.completed","url":"{_PICTURE}","index":0,"created_at":1796042962}}\n\n',
}
"""Examples of streams, by a part of the path."""
