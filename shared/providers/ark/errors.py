"""Map Ark's errors, `{"error": {"code", "message", "param", "type"}}`; codes may have a dotted suffix."""

from __future__ import annotations

from typing import Any

from shared.errors import (
    AccountError,
    AccountExhausted,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
)
from shared.http import Response
from shared.models import Model
from shared.providers._json import as_dict

_CONTENT_WORDS = ("Sensitive", "RiskDetection")
_OVERDUE = ("AccountOverdueError", "OperationDenied.ServiceOverdue")
_NOT_OPEN = ("ModelNotOpen", "InvalidEndpointOrModel.ModelIDAccessDisabled", "OperationDenied.ServiceNotOpen")
_NO_SUCH_MODEL = ("InvalidEndpointOrModel", "InvalidEndpoint", "UnsupportedModel")
_OVERLOADED_SECONDS = 5.0


def refusal(response: Response, model: Model | None = None) -> EaselError:
    """Return the error of an unsuccessful response; `model` is the requested one."""
    error = _error(response)
    code, reason = _code_and_reason(response, error)
    details = {"upstream": reason, "code": code}
    if not code or response.status >= 500:
        return response.error(reason)
    if _is_about_content(code):
        return ContentRefused(f"Ark's moderation rejected the request: {reason}.", param="prompt", details=details)
    if code.startswith(_OVERDUE):
        return AccountExhausted("The Ark account is overdue; add credit in the Ark console.", details=details)
    if code.startswith(_NOT_OPEN):
        # The account's other models may still work: no cooldown.
        return AccountError(
            f"The model is not activated for the Ark account; activate it in the Ark console: {reason}.",
            code="upstream_model_not_open",
            details=details,
            retry_after=0,
        )
    if model and code.startswith(_NO_SUCH_MODEL):
        message = f"Ark has no model '{model.upstream}', configured as '{model.id}'; correct it with ARK_MODELS."
        return NotFound(message, code="model_not_found", param="model", details=details)
    if code.startswith("ServerOverloaded"):
        return Unavailable("Ark is overloaded; try again later.", details=details, retry_after=_OVERLOADED_SECONDS)
    return response.error(reason)


def failure(response: Response, error: dict[str, Any]) -> EaselError:
    """Return the error of a failed task or image."""
    code, reason = _code_and_reason(response, error)
    message, details = f"The generation failed at Ark: {reason}.", {"upstream": reason, "code": code}
    kind = ContentRefused if _is_about_content(code) else GenerationFailed
    return kind(message, details=details)


def _is_about_content(code: str) -> bool:
    return any(word in code for word in _CONTENT_WORDS)


def _code_and_reason(response: Response, error: dict[str, Any]) -> tuple[str, str]:
    """Return the redacted code and message."""
    code, reason = (response.quote(str(error.get(name) or "")) for name in ("code", "message"))
    return code, reason or "no reason given"


def _error(response: Response) -> dict[str, Any]:
    return as_dict(as_dict(response.json_or_none()).get("error"))
