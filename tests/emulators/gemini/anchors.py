"""Answers of the real API about videos, trimmed, as its documentation and its own clients have them."""

import base64
from typing import Any

from tests.emulators.ark import CLIP

Json = dict[str, Any]

ID = "v1_ChdjYkdWYXFyR0dxdW5qckVQaUthLTRRURIXY2JHVmFxckdHcXVuanJFUGlLYS00UVE"
FILE = "https://generativelanguage.googleapis.com/v1beta/files/3j6svp4106e7:download?alt=media"

CREATED: Json = {
    "id": ID,
    "status": "in_progress",
    "object": "interaction",
    "model": "gemini-omni-1.2-flash",
    "created": "2026-11-20T00:00:00Z",
    "updated": "2026-11-20T00:00:00Z",
}


def completed(**video: Any) -> Json:
    """An interaction that is done, with its video."""
    steps: list[Json] = [
        {"type": "user_input", "content": [{"type": "text", "text": "a fjord"}]},
        {"type": "thought", "signature": "c2lnbmF0dXJl"},
        {"type": "model_output", "content": [{"type": "video", "mime_type": "video/mp4", **video}]},
    ]
    return CREATED | {"status": "completed", "usage": {"total_tokens": 10}, "steps": steps}


BY_URI = completed(uri=FILE)
INLINE = completed(data=base64.b64encode(CLIP).decode())

STARTED: Json = {"name": "models/veo-3.1-generate-preview/operations/abc123"}


def done(made: Json) -> Json:
    """An operation that is done, with what it made."""
    kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
    return STARTED | {"done": True, "response": {"@type": kind, "generateVideoResponse": made}}


MADE = done({"generatedSamples": [{"video": {"uri": FILE}}]})
FILTERED = done(
    {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["The video violates Google's Responsible AI practices."]}
)
FAILED: Json = STARTED | {"done": True, "error": {"code": 3, "message": "The image has too few pixels."}}

ONLY_INTERACTIONS: Json = {
    "error": {"message": "This model only supports Interactions API.", "code": "invalid_request"}
}
QUOTA: Json = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_requests",
                        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
                    }
                ],
            },
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "47s"},
        ],
    }
}
SHUT: Json = {
    "error": {
        "code": 404,
        "message": "This model models/veo-3.1-generate-preview is no longer available.",
        "status": "NOT_FOUND",
    }
}
