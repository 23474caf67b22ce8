"""What Ark's error codes mean. `{"error": {"code", "message", "param", "type"}}`, the codes with dotted endings."""

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
from shared.http import Answer
from shared.providers._reading import as_dict
from shared.values import Model

_CONTENT_WORDS = ("Sensitive", "RiskDetection")
_OVERDUE = ("AccountOverdueError", "OperationDenied.ServiceOverdue")
_NOT_OPEN = ("ModelNotOpen", "InvalidEndpointOrModel.ModelIDAccessDisabled", "OperationDenied.ServiceNotOpen")
_NO_SUCH_MODEL = ("InvalidEndpointOrModel", "InvalidEndpoint", "UnsupportedModel")
_OVERLOADED_SECONDS = 5.0


def refusal(answer: Answer, model: Model | None = None) -> EaselError:
    """The error that an answer without success stands for; `model` is the one that was ordered."""
    error = _error(answer)
    code, said = _words(answer, error)
    details = {"upstream": said, "code": code}
    if not code or answer.status >= 500:
        return answer.error(said)
    if _is_about_content(code):
        return ContentRefused(f"Ark refuses this: {said}.", param="prompt", details=details)
    if code.startswith(_OVERDUE):
        return AccountExhausted("The account at Ark has no balance left.", details=details)
    if code.startswith(_NOT_OPEN):
        # It says nothing about the account's other models: no reason to let it rest.
        return AccountError(
            f"The account at Ark has not opened the model: {said}.",
            code="upstream_model_not_open",
            details=details,
            retry_after=0,
        )
    if model and code.startswith(_NO_SUCH_MODEL):
        message = f"Ark does not know '{model.upstream}', which '{model.id}' stands for; ARK_MODELS can correct that."
        return NotFound(message, code="model_not_found", param="model", details=details)
    if code.startswith("ServerOverloaded"):
        return Unavailable("Ark is overloaded.", details=details, retry_after=_OVERLOADED_SECONDS)
    return answer.error(said)


def failure(answer: Answer, error: dict[str, Any]) -> EaselError:
    """Why work that was taken came to nothing."""
    code, said = _words(answer, error)
    message, details = f"The generation failed at Ark: {said}.", {"upstream": said, "code": code}
    kind = ContentRefused if _is_about_content(code) else GenerationFailed
    return kind(message, details=details)


def _is_about_content(code: str) -> bool:
    return any(word in code for word in _CONTENT_WORDS)


def _words(answer: Answer, error: dict[str, Any]) -> tuple[str, str]:
    """Code and sentence, as they may be quoted."""
    code, said = (answer.quote(str(error.get(name) or "")) for name in ("code", "message"))
    return code, said or "no reason given"


def _error(answer: Answer) -> dict[str, Any]:
    return as_dict(as_dict(answer.json_or_none()).get("error"))
