"""Read settings from environment variables; invalid values raise Misconfigured, naming the variable."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple, TypeAlias

from shared.account import ProviderInfo
from shared.accounts.loading import web_address
from shared.environment import Variable, list_items
from shared.errors import Misconfigured
from shared.models import Model, Size

ResponseFormat: TypeAlias = Literal["url", "b64_json", "both"]
DERIVING_KEY_LENGTH = 24
_ON_WORKERS = sys.platform == "emscripten"
OPEN_MODE_SIGNING_KEY = "easel: a laptop's own ids, worth nothing elsewhere"
API_KEYS = Variable("API_KEYS", also=("API_KEY", "BEARER_TOKEN"))
ADMIN_KEYS = Variable("ADMIN_KEYS")
SIGNING_KEYS = Variable("SIGNING_KEYS")
PUBLIC_URL = Variable("PUBLIC_URL", also=("BASE_URL",))
API_PREFIX = Variable("API_PREFIX", "/")
JOB_TTL_HOURS = Variable("JOB_TTL_HOURS", "24", also=("CLEANUP_HOURS",))
# On Workers, stay below the 100 seconds of silence after which Cloudflare responds with its own error.
MAX_WAIT = Variable("MAX_WAIT_SECONDS", "90" if _ON_WORKERS else "240", also=("DEFAULT_TIMEOUT", "VIDEO_TIMEOUT"))
MAX_CONCURRENT = Variable("MAX_CONCURRENT_TASKS", "0")
MAX_GUESTS = Variable("MAX_GUEST_TASKS", "10")
COOLDOWN = Variable("ACCOUNT_COOLDOWN_SECONDS", "600")
RESPONSE_FORMAT = Variable("DEFAULT_RESPONSE_FORMAT", "both")
MODEL_ALIASES = Variable("MODEL_ALIASES", "{}")
CORS_ORIGINS = Variable("CORS_ORIGINS", "*")
INPUT_ORIGINS = Variable("INPUT_ORIGINS")
ACCOUNTS_SECRET = Variable("ACCOUNTS_SECRET")
STATE = Variable("STATE", "memory")
ARTIFACTS = Variable("ARTIFACTS")
PROXY = Variable("PROXY")
USE_PROXY = Variable("USE_PROXY", "true")


def models_of(provider: str) -> Variable:
    """Return the variable that adds or overrides models of a provider."""
    return Variable(f"{provider.upper()}_MODELS", "{}")


class Settings(NamedTuple):
    """Settings of the HTTP API; times are in seconds."""

    keys: tuple[str, ...]
    admin_keys: tuple[str, ...]
    open_mode: bool
    public_url: str
    prefix: str
    max_wait: float
    response_format: ResponseFormat
    cors_origins: tuple[str, ...]


def read_settings(environment: Mapping[str, str], open_mode: bool) -> Settings:
    keys = API_KEYS.secrets(environment)
    name, public_url = PUBLIC_URL.found(environment)
    return Settings(
        keys=keys,
        admin_keys=ADMIN_KEYS.secrets(environment),
        open_mode=open_mode and not keys,
        public_url=web_address(name, public_url) if public_url else "",
        prefix=_prefix(environment),
        max_wait=float(MAX_WAIT.number(environment)),
        response_format=_response_format(environment),
        cors_origins=tuple(list_items(environment.get(CORS_ORIGINS.name, CORS_ORIGINS.default))),
    )


def _prefix(environment: Mapping[str, str]) -> str:
    """`hf`, `/hf` and `/hf/` all mean `/hf`; the root is empty."""
    inner = API_PREFIX.of(environment).strip("/")
    return f"/{inner}" if inner else ""


def _response_format(environment: Mapping[str, str]) -> ResponseFormat:
    match RESPONSE_FORMAT.of(environment):
        case ("url" | "b64_json" | "both") as chosen:
            return chosen
        case other:
            raise Misconfigured(f"DEFAULT_RESPONSE_FORMAT: '{other}' is none of url, b64_json and both.")


def read_proxy(environment: Mapping[str, str]) -> str | None:
    wanted = USE_PROXY.of(environment).lower() not in ("false", "0", "no")
    return (PROXY.of(environment) or None) if wanted else None


def read_signing_keys(environment: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    if not settings.keys and not settings.open_mode:
        raise Misconfigured("API_KEYS: no key is configured; without one no request is served.")
    if keys := SIGNING_KEYS.secrets(environment):
        return keys
    if settings.open_mode:
        return (OPEN_MODE_SIGNING_KEY,)
    if len(settings.keys) == 1 and len(settings.keys[0]) >= DERIVING_KEY_LENGTH:
        return (_derived(settings.keys[0]),)
    raise Misconfigured(
        f"SIGNING_KEYS: not set, and only a single API key of {DERIVING_KEY_LENGTH} characters or more can stand in "
        f"for it. Here is a fresh one: SIGNING_KEYS={secrets.token_urlsafe(32)}"
    )


def _derived(key: str) -> str:
    """HKDF-SHA256 (RFC 5869), one block."""
    pseudorandom = hmac.digest(bytes(32), key.encode(), "sha256")
    return hmac.digest(pseudorandom, b"easel signing key\x01", hashlib.sha256).hex()


def read_aliases(environment: Mapping[str, str]) -> dict[str, str]:
    table = _json_object(environment, MODEL_ALIASES)
    if not all(isinstance(target, str) for target in table.values()):
        raise Misconfigured('MODEL_ALIASES: it has to map names to names, like {"fast":"zimage-turbo"}.')
    return table


def read_extra_models(environment: Mapping[str, str], upstream: ProviderInfo) -> dict[str, dict[str, Any]]:
    variable = models_of(upstream.name)
    table = {name: _fields(variable.name, name, fields) for name, fields in _json_object(environment, variable).items()}
    if not upstream.masks and any(fields.get("masks") for fields in table.values()):
        raise Misconfigured(f"{variable.name}: 'masks' is not for this provider, which sends none on.")
    return table


def _fields(variable: str, name: str, fields: Any) -> dict[str, Any]:
    """Return the validated fields of a Model."""
    from pydantic import TypeAdapter

    # Raised outside `except`: as its context, pydantic's error would hold frames that the garbage collector cannot see.
    with suppress(AttributeError, TypeError, ValueError):
        sizes = {key: fields[key] for key in ("sizes", "default_size") if key in fields}
        parsed = {key: _sizes(value) for key, value in sizes.items()}
        model = TypeAdapter(Model).validate_python({**fields, **parsed, "id": name})
        if model.batch >= 1 and model.min_side <= model.max_side and (model.typical_seconds or 0) >= 0:
            return {key: getattr(model, key) for key in fields}
    raise Misconfigured(f"{variable}: the entry '{name}' cannot be read.")


def _sizes(value: Any) -> Any:
    return Size.parse(value) if isinstance(value, str) else tuple(Size.parse(text) for text in value)


def _json_object(environment: Mapping[str, str], variable: Variable) -> dict[str, Any]:
    try:
        table = json.loads(variable.of(environment))
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise Misconfigured(f"{variable.name}: it has to be a JSON object.")
    return table
