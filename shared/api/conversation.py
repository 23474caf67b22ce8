"""POST /v1/chat/completions as clients send it: messages checked, options named as OpenAI names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from shared.api.bounds import MODEL_NAME
from shared.api.fields import MESSAGES, ROLES
from shared.api.wire import Wire
from shared.errors import BadRequest
from shared.values import MAX_N, ChatRequest, Model

_OURS = frozenset({"model", "messages", "stream", "stream_options", "n", "wait_for_image"})

_ORDER_FIELDS = frozenset({"negative_prompt", "batch_size", "width", "height", "steps", "cfg_scale"})
_NO_PICTURE_FIELDS = frozenset({"extra_body", "modalities", "prompt", "response_format", "partial_images"})

_FEATURES = ("tools", "functions", "response_format", "modalities", "logprobs", "audio", "web_search_options")
"""Fields that change what is asked for: a model that does not know one of them cannot answer."""

_NO_FEATURE: tuple[Any, ...] = (False, [], {}, {"type": "text"}, ["text"])
"""What asks for no more than plain text."""


def _checked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for number, message in enumerate(messages, 1):
        if message.get("role") not in ROLES:
            raise ValueError(f"message {number} has to have a role, one of {', '.join(ROLES)}")
        _check_content(number, message)
    return messages


def _check_content(number: int, message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is None and message["role"] != "assistant":
        raise ValueError(f"message {number} has no content")
    if not isinstance(content, str | list | None):
        raise ValueError(f"the content of message {number} has to be a text, or a list of parts")
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise ValueError(f"the parts of message {number} have to be objects with a type")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"a part of message {number} has to have a text")


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatCreate(Wire):
    """The fields that have a meaning here; all others go to the model as they are, where it knows them."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, json_schema_extra=MESSAGES), AfterValidator(_checked)]
    model: str | None = Field(default=None, max_length=MODEL_NAME)
    n: int = Field(default=1, ge=1, le=MAX_N)
    stream: bool = False
    stream_options: StreamOptions = Field(default_factory=StreamOptions)
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    modalities: list[Literal["text", "image", "audio"]] | None = None
    extra_body: dict[str, Any] | None = None
    wait_for_image: bool = Field(default=True, validation_alias="waitForImage")

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, data: Any) -> Any:
        """`null` counts as absent, and `topP` is what clients of AkashChat proxies call `top_p`."""
        if not isinstance(data, dict):
            raise ValueError("The body has to be a JSON object.")
        given = {name: value for name, value in data.items() if value is not None}
        return {"top_p": given.pop("topP"), **given} if "topP" in given else given

    def to_request(self, model: Model) -> tuple[ChatRequest, list[str]]:
        """The request as the model can serve it, and the names of what it has to leave aside."""
        if self.n > 1:
            raise BadRequest("'n': a conversation goes on in one way at a time.", param="n")
        given = self._options()
        for name in _FEATURES:
            if given.get(name) in _NO_FEATURE:
                del given[name]
            elif name in given and not _knows(model, name):
                raise BadRequest(f"'{name}': '{model.id}' cannot do this here.", param=name)
        known = {name: value for name, value in given.items() if _knows(model, name)}
        return ChatRequest(model, tuple(self.messages), known), sorted(given.keys() - known.keys())

    @property
    def wants_parts(self) -> bool:
        """Pictures are to come as parts of the message, and not as links in its text."""
        return "image" in (self.modalities or ())

    @property
    def speaks_of_pictures(self) -> bool:
        """It comes from a client of the AkashGen proxy, which has no other models."""
        return "wait_for_image" in self.model_fields_set

    @property
    def is_order(self) -> bool:
        """It comes from a client of the Z-Image proxy: these send an order, and ask about it later."""
        return not self.stream and (self.extra_body is not None or not _ORDER_FIELDS.isdisjoint(self.model_extra or {}))

    def picture_fields(self) -> dict[str, Any]:
        """The picture that is asked for, in the fields of an image request: what was said last, and what is set.

        Pictures that came with it, under `image`, make an edit of it.
        """
        said = next((message for message in reversed(self.messages) if message["role"] == "user"), None)
        if said is None or not text_of(said).strip():
            raise BadRequest("'messages': the last message of the user has to say what to draw.", param="messages")
        if any(part["type"] not in ("text", "image_url") for part in parts_of(said)):
            raise BadRequest("'messages': what is drawn goes by text and image_url alone.", param="messages")
        nested = {name: value for name, value in (self.extra_body or {}).items() if name in _ORDER_FIELDS}
        given = {"n": self.n, **self._options(), **nested}
        shape = given.pop("image_config", None)
        if isinstance(shape, dict):
            given |= {"resolution" if name == "image_size" else name: value for name, value in shape.items()}
        given["n"] = given.pop("batch_size", given["n"])
        fields = {name: value for name, value in given.items() if name not in _NO_PICTURE_FIELDS}
        pictures = pictures_in(said)
        return {**fields, "prompt": text_of(said), **({"image": pictures} if pictures else {})}

    def _options(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.model_fields_set if name in type(self).model_fields}
        return {name: value for name, value in {**named, **(self.model_extra or {})}.items() if name not in _OURS}


def _knows(model: Model, name: str) -> bool:
    return name in model.knobs or "*" in model.knobs


def parts_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a message; a plain text has none."""
    content = message.get("content")
    return content if isinstance(content, list) else []


def pictures_in(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a message that are pictures."""
    return [part for part in parts_of(message) if part["type"] == "image_url"]


def text_of(message: Mapping[str, Any]) -> str:
    """What a message says in words."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
