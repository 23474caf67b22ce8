"""Every variable: what it means, by which other names it goes, and what a bad value is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.bootstrap import Configuration, Easel, configure
from shared.config import OPEN_MODE_SIGNING_KEY, Settings
from shared.errors import Misconfigured, NotFound, Unavailable
from shared.hosts.local import address
from shared.job import Job
from shared.jobs.idempotency import RequestKey
from shared.jobs.ids import JobIds
from shared.models import Model, Size
from shared.requests import ImageRequest
from shared.service import Caller
from tests.emulators.zimage import ZImage

KEYS = {"API_KEYS": "a key", "SIGNING_KEYS": "a signing key"}
LONG_KEY = "an API key of 33 characters or so"


def configured(**environment: str) -> Easel:
    return configure(KEYS | environment)


def settings(**environment: str) -> Settings:
    return configured(**environment).settings


def test_the_defaults() -> None:
    assert settings() == Settings(
        keys=("a key",),
        admin_keys=(),
        open_mode=False,
        public_url="",
        prefix="",
        max_wait=240.0,
        response_format="both",
        cors_origins=("*",),
    )


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("API_KEYS", " one , two,,", "keys", ("one", "two")),
        ("API_KEYS", "\ufeffone\r\ntwo\n", "keys", ("one", "two")),
        ("ADMIN_KEYS", "boss", "admin_keys", ("boss",)),
        ("PUBLIC_URL", "https://pictures.example/", "public_url", "https://pictures.example"),
        ("BASE_URL", " http://127.0.0.1:8000/sub/ ", "public_url", "http://127.0.0.1:8000/sub"),
        ("API_PREFIX", "hf", "prefix", "/hf"),
        ("API_PREFIX", "/hf", "prefix", "/hf"),
        ("API_PREFIX", "/hf/", "prefix", "/hf"),
        ("API_PREFIX", " hf/api/ ", "prefix", "/hf/api"),
        ("API_PREFIX", "/", "prefix", ""),
        ("API_PREFIX", "", "prefix", ""),
        ("MAX_WAIT_SECONDS", "90", "max_wait", 90.0),
        ("DEFAULT_TIMEOUT", "91", "max_wait", 91.0),
        ("VIDEO_TIMEOUT", "92", "max_wait", 92.0),
        ("DEFAULT_RESPONSE_FORMAT", "url", "response_format", "url"),
        ("DEFAULT_RESPONSE_FORMAT", "b64_json", "response_format", "b64_json"),
        ("DEFAULT_RESPONSE_FORMAT", " both ", "response_format", "both"),
        ("DEFAULT_RESPONSE_FORMAT", "", "response_format", "both"),
        (
            "CORS_ORIGINS",
            "https://a.example, https://b.example",
            "cors_origins",
            ("https://a.example", "https://b.example"),
        ),
    ],
)
def test_one_variable(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(settings(**{variable: text}), field) == value


@pytest.mark.parametrize("name", ["API_KEYS", "API_KEY", "BEARER_TOKEN"])
def test_the_names_of_the_keys(name: str) -> None:
    assert configure({name: "one,two", "SIGNING_KEYS": "x"}).settings.keys == ("one", "two")


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"API_KEYS": "1"}, {"API_KEY": "2", "BEARER_TOKEN": "3"}, "keys"),
        ({"PUBLIC_URL": "https://1.example"}, {"BASE_URL": "https://2.example"}, "public_url"),
        ({"MAX_WAIT_SECONDS": "1"}, {"DEFAULT_TIMEOUT": "2", "VIDEO_TIMEOUT": "3"}, "max_wait"),
        ({"DEFAULT_TIMEOUT": "2"}, {"VIDEO_TIMEOUT": "3"}, "max_wait"),
    ],
)
def test_our_own_name_counts_before_the_others(first: dict[str, str], second: dict[str, str], field: str) -> None:
    assert getattr(settings(**second, **first), field) == getattr(settings(**first), field)
    blank = dict.fromkeys(first, " ")
    assert getattr(settings(**second | blank), field) == getattr(settings(**KEYS | second | blank), field)


@pytest.mark.parametrize("name", ["JOB_TTL_HOURS", "CLEANUP_HOURS"])
def test_how_long_ids_live(name: str) -> None:
    assert configured().service.ids.ttl == 24 * 3600
    assert configured(**{name: "2"}).service.ids.ttl == 2 * 3600
    assert configured(**{"CLEANUP_HOURS": "9", name: "3"}).service.ids.ttl == 3 * 3600


NO_NUMBERS = ["many", "-1", "1.5", "1e3", "0x10", "∞", "²", "9" * 5000]
NUMBERS = [
    "MAX_WAIT_SECONDS",
    "DEFAULT_TIMEOUT",
    "VIDEO_TIMEOUT",
    "JOB_TTL_HOURS",
    "CLEANUP_HOURS",
    "MAX_CONCURRENT_TASKS",
    "MAX_GUEST_TASKS",
    "PER_ACCOUNT_CONCURRENT_TASKS",
    "ACCOUNT_COOLDOWN_SECONDS",
]
NO_OBJECTS = ["nonsense", "[]", "null", '"x"', "1", "{", "{'a': 'b'}"]
BAD_VALUES = [
    *((name, text) for name in NUMBERS for text in NO_NUMBERS),
    *((name, "0") for name in ("JOB_TTL_HOURS", "CLEANUP_HOURS")),
    *((name, text) for name in ("MODEL_ALIASES", "SKETCH_MODELS") for text in NO_OBJECTS),
    *(("MODEL_ALIASES", text) for text in ['{"a": 1}', '{"a": null}', '{"a": ["b"]}']),
    *(("DEFAULT_RESPONSE_FORMAT", text) for text in ["png", "URL", "url,b64_json"]),
    *(
        (name, text)
        for name in ("PUBLIC_URL", "BASE_URL")
        for text in ["banana", "example.com", "ftp://a.example", "https://", "http://[::1", "https://a.example/?x=1"]
    ),
    *(("STATE", text) for text in ["table", "redis://host", "dynamodb://", "dynamodb://a b", "dynamodb://a/b"]),
    ("PROVIDERS", "banana"),
    ("INPUT_ORIGINS", "https://ok.example, banana"),
    ("ACCOUNTS", "nonsense"),
    ("ACCOUNTS_DIR", "/nowhere"),
    ("COOKIES_PATH", "/nowhere"),
]


@pytest.mark.parametrize(("variable", "text"), BAD_VALUES, ids=lambda value: value[:20])
def test_a_bad_value_is_told_by_the_variable(variable: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^{variable}\b") as caught:
        configured(**{variable: text})
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("text", ["", "memory", "dynamodb://a-table"])
def test_what_state_may_be(text: str) -> None:
    configured(STATE=text)


def test_boto3_is_left_alone_until_it_is_needed() -> None:
    code = f"import sys; from shared.bootstrap import configure; configure({KEYS | {'STATE': 'dynamodb://table'}})"
    code += "; assert not {'boto3', 'botocore'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=True)


# Keys


def a_job(tickets: JobIds) -> Job:
    return Job("sketch", "account1", "sketch", "image", tickets.now(), "owner", 1, ("ref",))


def understands(easel: Easel, job_id: str) -> bool:
    try:
        return bool(easel.service.ids.job(job_id))
    except NotFound:
        return False


def test_without_keys_nobody_is_served() -> None:
    for environment in ({}, {"API_KEYS": " , "}):
        with pytest.raises(Misconfigured, match="^API_KEYS: "):
            configure(environment)
    with pytest.raises(Misconfigured, match="^API_KEYS: "):
        configure({"ADMIN_KEYS": LONG_KEY})


def test_signing_keys_alone_do_not_open_the_door() -> None:
    with pytest.raises(Misconfigured, match="^API_KEYS: "):
        configure({"SIGNING_KEYS": "x"})


@pytest.mark.parametrize("name", ["API_KEYS", "ADMIN_KEYS", "SIGNING_KEYS"])
@pytest.mark.parametrize("key", ["caf\u00e9", "zero\u200bwidth", "null\x00"])
def test_a_key_that_no_header_can_hold(name: str, key: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{name}: .* not ASCII") as caught:
        configured(**{name: f"fine,{key}"})
    assert key not in caught.value.message


def test_signing_keys_rotate() -> None:
    first, both, second = (configured(SIGNING_KEYS=keys) for keys in ("old", "new, old", "new"))
    job_id = first.service.ids.issue(a_job(first.service.ids)).id
    assert understands(both, job_id)
    assert not understands(second, job_id)
    assert understands(second, both.service.ids.issue(a_job(both.service.ids)).id)


def test_a_single_long_key_gives_the_signing_key_by_hkdf() -> None:
    tickets = configure({"API_KEYS": LONG_KEY}).service.ids
    extracted = hmac.new(bytes(32), LONG_KEY.encode(), hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"easel signing key" + bytes([1]), hashlib.sha256).hexdigest()
    job = a_job(tickets)
    assert tickets.issue(job).id == JobIds([expanded], 1).issue(job).id
    assert tickets.issue(job).id != JobIds([LONG_KEY], 1).issue(job).id


@pytest.mark.parametrize("keys", ["a" * 23, f"{LONG_KEY},{LONG_KEY}2", "short,keys"])
def test_other_keys_cannot_stand_in_and_a_fresh_one_is_offered(keys: str) -> None:
    offers = set()
    for _ in range(2):
        with pytest.raises(Misconfigured, match="^SIGNING_KEYS: ") as caught:
            configure({"API_KEYS": keys})
        offer = re.search(r"SIGNING_KEYS=([\w-]{43})$", caught.value.message)
        assert offer
        assert keys not in caught.value.message
        configure({"API_KEYS": keys, "SIGNING_KEYS": offer[1]})
        offers.add(offer[1])
    assert len(offers) == 2


def test_open_mode_is_for_those_without_keys() -> None:
    opened = configure({}, open_mode=True)
    assert opened.settings.open_mode
    job = a_job(opened.service.ids)
    assert opened.service.ids.issue(job).id == JobIds([OPEN_MODE_SIGNING_KEY], 1).issue(job).id
    assert not configure(KEYS, open_mode=True).settings.open_mode
    with pytest.raises(Misconfigured, match="^SIGNING_KEYS: "):
        configure({"API_KEYS": "short"}, open_mode=True)


def test_open_mode_with_signing_keys_uses_them() -> None:
    easel = configure({"SIGNING_KEYS": "mine"}, open_mode=True)
    job = a_job(easel.service.ids)
    assert easel.service.ids.issue(job).id == JobIds(["mine"], 1).issue(job).id


# Changes


async def test_a_changed_environment_is_seen_at_once_and_an_unchanged_one_is_read_once() -> None:
    configuration, environment = Configuration(), dict(KEYS)
    first = await configuration.of(environment)
    assert await configuration.of(environment) is first
    assert await configuration.of(dict(environment)) is first
    environment["API_KEYS"] = "another"
    assert (await configuration.of(environment)).settings.keys == ("another",)


async def test_a_bad_value_that_is_put_right_is_forgotten() -> None:
    configuration = Configuration()
    good = await configuration.of(KEYS)
    for _ in range(2):
        with pytest.raises(Misconfigured):
            await configuration.of(KEYS | {"MAX_WAIT_SECONDS": "x"})
    assert (await configuration.of(KEYS)).settings == good.settings


# Models


async def sketch_models(**environment: str) -> dict[str, Model]:
    return {offer.model.id: offer.model for offer in await configured(**environment).service.catalog.offers()}


async def test_aliases_are_names_of_models() -> None:
    catalog = configured(MODEL_ALIASES='{"fast": "sketch", "dall-e-3": "sketch/sketch"}').service.catalog
    for name in ("fast", "dall-e-3"):
        assert (await catalog.resolve(name, "image")).model.id == "sketch"


async def test_a_model_can_be_added() -> None:
    fields = {"sizes": ["512x512", "768x512"], "default_size": "512x512", "batch": 2, "knobs": ["seed"]}
    models = await sketch_models(SKETCH_MODELS=json.dumps({"poster": fields}))
    assert list(models) == ["sketch", "poster"]
    assert models["poster"] == models["sketch"]._replace(
        id="poster",
        upstream="poster",
        sizes=(Size(512, 512), Size(768, 512)),
        default_size=Size(512, 512),
        batch=2,
        knobs=frozenset({"seed"}),
    )
    assert all(isinstance(size, Size) for size in models["poster"].sizes)


async def test_a_model_can_be_corrected_field_by_field() -> None:
    [before] = (await sketch_models()).values()
    [after] = (await sketch_models(SKETCH_MODELS='{"sketch": {"max_side": 1024, "typical_seconds": 2.5}}')).values()
    assert after == before._replace(max_side=1024, typical_seconds=2.5)


async def test_models_of_a_provider_that_is_not_configured_are_not_listed() -> None:
    assert "x" not in await sketch_models(ZIMAGE_MODELS='{"x": {}}')
    assert "x" in await sketch_models(ZIMAGE_MODELS='{"x": {}}', PROVIDERS="zimage")


@pytest.mark.parametrize(
    "fields",
    [
        None,
        5,
        "text",
        [],
        {"colour": "red"},
        {"kind": "sound"},
        {"batch": 0},
        {"batch": "many"},
        {"typical_seconds": -1},
        {"min_side": 2000, "max_side": 1000},
        {"sizes": "1024x1024"},
        {"sizes": 5},
        {"sizes": [5]},
        {"sizes": ["banana"]},
        {"sizes": ["0x0"]},
        {"default_size": "auto"},
        {"default_size": [1024, 1024]},
        {"default_size": None},
        {"knobs": "seed"},
    ],
    ids=json.dumps,
)
def test_a_bad_model_is_told_by_the_variable_and_its_name(fields: Any) -> None:
    with pytest.raises(Misconfigured, match="^SKETCH_MODELS: .*'poster'") as caught:
        configured(SKETCH_MODELS=json.dumps({"poster": fields}))
    assert caught.value.__context__ is None, "pydantic's error would stay in memory"


def test_masks_are_only_for_providers_that_send_them_on() -> None:
    models = '{"poster": {"masks": true}}'
    with pytest.raises(Misconfigured, match="^SKETCH_MODELS: 'masks'"):
        configured(SKETCH_MODELS=models)
    configured(SKETCH_MODELS='{"poster": {"masks": false}}')
    configured(
        OPENAI_COMPATIBLE_MODELS=models, OPENAI_COMPATIBLE_BASE_URL="http://x.example", OPENAI_COMPATIBLE_API_KEY="k"
    )


# Upstream calls


async def submit(zimage: ZImage, **environment: str) -> None:
    service = configured(PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url, **environment).service
    offer = await service.catalog.resolve("zimage-turbo", "image")
    request = ImageRequest(offer.model, "a lighthouse", Size(1024, 1024))
    async with service.submit(offer, request, Caller(("me",)), RequestKey("body")):
        pass


@pytest.mark.parametrize("used", ["", "true", "1", "yes"])
async def test_calls_go_through_the_proxy(zimage: ZImage, used: str) -> None:
    with pytest.raises(Unavailable):
        await submit(zimage, PROXY="http://127.0.0.1:1", USE_PROXY=used)


@pytest.mark.parametrize("unused", ["false", "False", "0", "no"])
async def test_unless_it_is_switched_off(zimage: ZImage, unused: str) -> None:
    await submit(zimage, PROXY="http://127.0.0.1:1", USE_PROXY=unused)


async def test_the_machines_own_proxy_settings_play_no_part(zimage: ZImage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await submit(zimage)


async def test_a_bad_proxy_is_told(zimage: ZImage) -> None:
    with pytest.raises(Misconfigured, match="^PROXY"):
        await submit(zimage, PROXY="banana")


# The local server


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, ("127.0.0.1", 8000)),
        ({"HOST": "0.0.0.0", "PORT": "80"}, ("0.0.0.0", 80)),
        ({"SERVER_ADDRESS": ":9000"}, ("127.0.0.1", 9000)),
        ({"SERVER_ADDRESS": "0.0.0.0:9000"}, ("0.0.0.0", 9000)),
        ({"SERVER_ADDRESS": "0.0.0.0:9000", "PORT": "80"}, ("0.0.0.0", 80)),
        ({"SERVER_ADDRESS": "[::1]:9000"}, ("::1", 9000)),
        ({"HOST": "", "PORT": ""}, ("127.0.0.1", 8000)),
    ],
)
def test_where_the_local_server_listens(environment: dict[str, str], place: tuple[str, int]) -> None:
    assert address(environment) == place


@pytest.mark.parametrize("port", ["http", "-1", "80.5", "70000", "9" * 5000])
def test_a_bad_port_ends_it_with_a_sentence(port: str) -> None:
    with pytest.raises(SystemExit, match="PORT"):
        address({"PORT": port})
