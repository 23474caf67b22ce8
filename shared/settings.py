"""From the environment to typed settings, and from these to a Service. A bad value is Misconfigured, by its name."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from shared.accounts import Pool
from shared.accounts.secret import Secret
from shared.accounts.sources import read_accounts, read_guests, web_address, words
from shared.adapters import Adapters
from shared.artifacts import Kept, r2_artifacts, s3_artifacts
from shared.catalog import Catalog, together
from shared.errors import Misconfigured
from shared.http import Fetcher, Http
from shared.providers import PROVIDERS, Declines, MediaProvider, adapter_of
from shared.repeats import Repeats
from shared.service import Service
from shared.state import DynamoState, MemoryState, State
from shared.tickets import Tickets
from shared.values import Account, Model, Size, Upstream
from shared.variables import Variable
from shared.waiter import Waiter

ResponseFormat: TypeAlias = Literal["url", "b64_json", "both"]

DERIVING_KEY_LENGTH = 24
_ON_WORKERS = sys.platform == "emscripten"
_TABLE = re.compile(r"dynamodb://([\w.-]{3,255})", re.ASCII)
SKETCH_ACCOUNT = Account(id="built-in", provider="sketch", base_url="")
OPEN_MODE_SIGNING_KEY = "easel: a laptop's own ids, worth nothing elsewhere"

API_KEYS = Variable("API_KEYS", also=("API_KEY", "BEARER_TOKEN"))
ADMIN_KEYS = Variable("ADMIN_KEYS")
SIGNING_KEYS = Variable("SIGNING_KEYS")
PUBLIC_URL = Variable("PUBLIC_URL", also=("BASE_URL",))
API_PREFIX = Variable("API_PREFIX", "/")
JOB_TTL_HOURS = Variable("JOB_TTL_HOURS", "24", also=("CLEANUP_HOURS",))
# On Workers less than the 100 seconds of silence after which Cloudflare answers in a server's place.
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
    """What adds to a provider's models, or corrects them."""
    return Variable(f"{provider.upper()}_MODELS", "{}")


class Settings(NamedTuple):
    """What the HTTP face needs to know beside the service. Times are in seconds."""

    keys: tuple[str, ...]
    admin_keys: tuple[str, ...]
    open_mode: bool
    public_url: str
    prefix: str
    max_wait: float
    response_format: ResponseFormat
    cors_origins: tuple[str, ...]


class Easel(NamedTuple):
    """A configured gateway."""

    settings: Settings
    service: Service
    fetcher: Fetcher


class Configuration:
    """Reads an environment when it is first seen, and again when it, or the secret it names, has changed.

    The state stays as long as its setting does: a rolled key does not make the instance forget what it has bought.
    """

    def __init__(self, *, open_mode: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._open_mode = open_mode
        self._clock = clock
        self._seen: tuple[Mapping[Any, Any], str] | None = None
        self._easel: Easel | None = None
        self._secret: Secret | None = None
        self._state: tuple[str, State] | None = None

    async def of(self, environment: Mapping[str, str]) -> Easel:
        """The gateway that this environment describes."""
        secret = self._secret_of(environment)
        if secret:
            await secret.refresh()
        seen = _content(environment), secret.text if secret else ""
        if self._easel is None or seen != self._seen:
            self._easel = self._configured(environment, secret)
            self._seen = dict(seen[0]), seen[1]
        return self._easel

    def _configured(self, environment: Mapping[str, str], secret: Secret | None) -> Easel:
        try:
            state = self._state_of(environment)
            return configure(environment, open_mode=self._open_mode, secret=secret, state=state)
        except Misconfigured:
            if secret:
                secret.doubt()
            raise

    def _secret_of(self, environment: Mapping[str, str]) -> Secret | None:
        name = ACCOUNTS_SECRET.of(environment)
        if (self._secret.name if self._secret else "") != name:
            self._secret = Secret(name, self._clock) if name else None
        return self._secret

    def _state_of(self, environment: Mapping[str, str]) -> State:
        setting = STATE.of(environment)
        if self._state is None or self._state[0] != setting:
            self._state = setting, _state(setting)
        return self._state[1]


def _content(environment: Mapping[str, str]) -> Mapping[Any, Any]:
    """What is compared at each request. os.environ decodes all of itself for that; the dict beneath it does not."""
    return getattr(environment, "_data", environment) if environment is os.environ else environment


def configure(
    environment: Mapping[str, str],
    *,
    open_mode: bool = False,
    secret: Secret | None = None,
    state: State | None = None,
) -> Easel:
    """`open_mode` serves without keys; only the local server asks for it, and only on a loopback address.

    `secret` is what ACCOUNTS_SECRET names, and has been read; `state` goes on in the place of a new one.
    """
    settings = _settings(environment, open_mode)
    state = state or _state(STATE.of(environment))
    pool = Pool(
        [*read_accounts(environment, PROVIDERS, secret.text if secret else ""), SKETCH_ACCOUNT],
        state,
        COOLDOWN.number(environment),
        rejected=secret.doubt if secret else lambda: None,
        guests=read_guests(environment, PROVIDERS),
    )
    kept = _kept(ARTIFACTS.of(environment))
    adapters = Adapters(adapter_of, pool, Http(proxy=_proxy(environment)), kept)
    upstreams = [upstream for upstream in PROVIDERS if upstream.name in pool.providers()]
    listings = {
        each.name: together({account.id: adapters.of(account).models for account in pool.of(each.name)})
        for each in upstreams
    }
    firsts = [adapters.of(pool.of(each.name)[0]) for each in upstreams]
    extra = {each.name: _extra_models(environment, each) for each in upstreams}
    service = Service(
        adapters,
        Catalog(listings, extra, _aliases(environment), _declined(firsts)),
        pool,
        Tickets(_signing_keys(environment, settings), JOB_TTL_HOURS.number(environment, least=1) * 3600),
        Repeats(state),
        Waiter(),
        MAX_CONCURRENT.number(environment),
        MAX_GUESTS.number(environment),
    )
    origins = [web_address(INPUT_ORIGINS.name, origin).lower() for origin in words(INPUT_ORIGINS.of(environment))]
    return Easel(settings, service, Fetcher(Http(), frozenset(origins)))


def _settings(environment: Mapping[str, str], open_mode: bool) -> Settings:
    keys = tuple(words(API_KEYS.of(environment)))
    name, public_url = PUBLIC_URL.found(environment)
    return Settings(
        keys=keys,
        admin_keys=tuple(words(ADMIN_KEYS.of(environment))),
        open_mode=open_mode and not keys,
        public_url=web_address(name, public_url) if public_url else "",
        prefix=_prefix(environment),
        max_wait=float(MAX_WAIT.number(environment)),
        response_format=_response_format(environment),
        cors_origins=tuple(words(environment.get(CORS_ORIGINS.name, CORS_ORIGINS.default))),
    )


def _state(wanted: str) -> State:
    if wanted == "memory":
        return MemoryState()
    if table := _TABLE.fullmatch(wanted):
        return DynamoState(table[1])
    raise Misconfigured("STATE: it has to be memory, or like dynamodb://table.")


def _kept(wanted: str) -> Kept | None:
    if wanted.startswith("r2:") and not _ON_WORKERS:
        raise Misconfigured("ARTIFACTS: R2 is there on Workers alone; elsewhere it has to be like s3://bucket/prefix.")
    place = r2_artifacts if _ON_WORKERS else s3_artifacts
    return Kept(place(wanted)) if wanted else None


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


def _proxy(environment: Mapping[str, str]) -> str | None:
    wanted = USE_PROXY.of(environment).lower() not in ("false", "0", "no")
    return (PROXY.of(environment) or None) if wanted else None


def _signing_keys(environment: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    if not settings.keys and not settings.open_mode:
        raise Misconfigured("API_KEYS: no key is configured, and without one nobody is served.")
    if keys := tuple(words(SIGNING_KEYS.of(environment))):
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


def _aliases(environment: Mapping[str, str]) -> dict[str, str]:
    table = _json_object(environment, MODEL_ALIASES)
    if not all(isinstance(target, str) for target in table.values()):
        raise Misconfigured('MODEL_ALIASES: it has to map names to names, like {"fast":"zimage-turbo"}.')
    return table


def _declined(adapters: Iterable[MediaProvider]) -> dict[str, str]:
    declining = [adapter for adapter in adapters if isinstance(adapter, Declines)]
    return {name: reason for adapter in declining for name, reason in adapter.declined.items()}


def _extra_models(environment: Mapping[str, str], upstream: Upstream) -> dict[str, dict[str, Any]]:
    variable = models_of(upstream.name)
    table = {name: _fields(variable.name, name, fields) for name, fields in _json_object(environment, variable).items()}
    if not upstream.masks and any(fields.get("masks") for fields in table.values()):
        raise Misconfigured(f"{variable.name}: 'masks' is not for this provider, which sends none on.")
    return table


def _fields(variable: str, name: str, fields: Any) -> dict[str, Any]:
    """The fields of a Model in their types."""
    from pydantic import TypeAdapter

    try:
        sizes = {key: fields[key] for key in ("sizes", "default_size") if key in fields}
        parsed = {key: _sizes(value) for key, value in sizes.items()}
        model = TypeAdapter(Model).validate_python({**fields, **parsed, "id": name})
        if model.batch < 1 or model.min_side > model.max_side or (model.typical_seconds or 0) < 0:
            raise ValueError(fields)
    except (AttributeError, TypeError, ValueError):
        raise Misconfigured(f"{variable}: the entry '{name}' cannot be read.") from None
    return {key: getattr(model, key) for key in fields}


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
