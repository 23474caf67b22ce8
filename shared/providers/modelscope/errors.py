"""Map ModelScope's errors to ours. Its messages are in one of several fields."""

from __future__ import annotations

from typing import Any

from shared.errors import ContentRefused, EaselError
from shared.http import Response
from shared.providers._json import as_dict, is_moderation


def refusal(response: Response) -> EaselError:
    """Return the error for a response of 400 or more."""
    reason = message_of(response, as_dict(response.json_or_none()))
    if response.sent and response.status == 400 and is_moderation(reason):
        return ContentRefused(
            f"ModelScope rejected the prompt: {reason}.", param="prompt", details={"upstream": reason}
        )
    return response.error(reason)


def message_of(response: Response, payload: dict[str, Any]) -> str:
    """Return the first error message found in the fields that may hold one, or an empty string."""
    nested = (as_dict(payload.get("errors")).get("message"), as_dict(payload.get("error")).get("message"))
    texts = (*nested, payload.get("error"), payload.get("message"))
    return next((response.quote(text) for text in texts if isinstance(text, str) and text), "")
