"""Whatever is wrong with a request: the OpenAI envelope, the right status, and nothing bought upstream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from shared.job import ResultFile
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, assert_error, asset_id, file_url, order, start_job, tickets
from tests.rig import API_KEY, OTHER_KEY, Gateway

SECRET = "sk-secret-of-the-caller"
ORIGIN = "https://app.example"


class Bad(NamedTuple):
    """A body for generations, and the answer that it gets."""

    name: str
    body: Any
    status: int = 400
    code: str = "invalid_value"
    param: str | None = None


class Odd(NamedTuple):
    """A request that is at fault in another way than by its body."""

    name: str
    method: str
    path: str
    status: int
    code: str
    param: str | None = None
    headers: dict[str, str] = {}


BODIES = [
    Bad("no prompt", {}, param="prompt"),
    Bad("null prompt", {"prompt": None}, param="prompt"),
    Bad("empty prompt", {"prompt": ""}, param="prompt"),
    Bad("blank prompt", {"prompt": " \n\t"}, param="prompt"),
    Bad("number as prompt", {"prompt": 42}, param="prompt"),
    Bad("list as prompt", {"prompt": ["a cat"]}, param="prompt"),
    Bad("object as prompt", {"prompt": {"text": "a cat"}}, param="prompt"),
    Bad("prompt too long", {"prompt": "x" * 32_001}, param="prompt"),
    Bad("negative prompt too long", {"prompt": "a cat", "negative_prompt": "x" * 32_001}, param="negative_prompt"),
    Bad("endless name of a model", {"prompt": "a cat", "model": "gpt-image" * 100}, param="model"),
    Bad("n of 0", {"prompt": "a cat", "n": 0}, param="n"),
    Bad("n of 11", {"prompt": "a cat", "n": 11}, param="n"),
    Bad("negative n", {"prompt": "a cat", "n": -1}, param="n"),
    Bad("word as n", {"prompt": "a cat", "n": "x"}, param="n"),
    Bad("fraction as n", {"prompt": "a cat", "n": 1.5}, param="n"),
    Bad("list as n", {"prompt": "a cat", "n": [1]}, param="n"),
    Bad("size 0x0", {"prompt": "a cat", "size": "0x0"}, param="size"),
    Bad("size banana", {"prompt": "a cat", "size": "banana"}, param="size"),
    Bad("size without height", {"prompt": "a cat", "size": "1024x"}, param="size"),
    Bad("size with three sides", {"prompt": "a cat", "size": "64x64x64"}, param="size"),
    Bad("negative size", {"prompt": "a cat", "size": "-512x512"}, param="size"),
    Bad("number as size", {"prompt": "a cat", "size": 1024}, param="size"),
    Bad("size too large", {"prompt": "a cat", "size": "99999x99999"}, param="size"),
    Bad("size of endless digits", {"prompt": "a cat", "size": f"{'9' * 5000}x1"}, param="size"),
    Bad("size beyond 3:1", {"prompt": "a cat", "size": "1000x100"}, param="size"),
    Bad("size beyond 1:3", {"prompt": "a cat", "size": "100x1000"}, param="size"),
    Bad("width and height too large", {"prompt": "a cat", "width": 9999, "height": 9999}, param="size"),
    Bad("negative width", {"prompt": "a cat", "width": -512, "height": 512}, param="width"),
    Bad("height of 0", {"prompt": "a cat", "width": 512, "height": 0}, param="height"),
    Bad("aspect_ratio of one side", {"prompt": "a cat", "aspect_ratio": "16"}, param="aspect_ratio"),
    Bad("aspect_ratio of 0", {"prompt": "a cat", "aspect_ratio": "16:0"}, param="aspect_ratio"),
    Bad("aspect_ratio in words", {"prompt": "a cat", "aspect_ratio": "wide"}, param="aspect_ratio"),
    Bad("negative aspect_ratio", {"prompt": "a cat", "aspect_ratio": "-16:9"}, param="aspect_ratio"),
    Bad("aspect_ratio beyond 3:1", {"prompt": "a cat", "aspect_ratio": "9999:1"}, param="aspect_ratio"),
    Bad("aspect_ratio of endless digits", {"prompt": "a cat", "aspect_ratio": f"1:{'9' * 5000}"}, param="aspect_ratio"),
    Bad("unknown model", {"prompt": "a cat", "model": "nope"}, 404, "model_not_found", "model"),
    Bad("unknown provider", {"prompt": "a cat", "model": "nope/zimage-turbo"}, 404, "model_not_found", "model"),
    Bad("family without a model", {"prompt": "a cat", "model": "sora-2"}, 404, "model_not_found", "model"),
    Bad("number as model", {"prompt": "a cat", "model": 5}, param="model"),
    Bad("unknown response_format", {"prompt": "a cat", "response_format": "jpeg"}, param="response_format"),
    Bad("unclear stream", {"prompt": "a cat", "stream": "maybe"}, param="stream"),
    Bad("too many partial_images", {"prompt": "a cat", "partial_images": 4}, param="partial_images"),
    Bad("word as seed", {"prompt": "a cat", "seed": "lucky"}, param="seed"),
    Bad("mask where there is no picture", {"prompt": "a cat", "mask": "data:..."}, param="mask"),
    Bad("picture where there is only text", {"prompt": "a cat", "image": "data:..."}, param="image"),
    Bad("broken JSON", b'{"prompt": "a cat"', code="invalid_json"),
    Bad("two JSON values", b'{"prompt": "a cat"} {}', code="invalid_json"),
    Bad("JSON as deep as a well", b"[" * 100_000, code="invalid_json"),
    Bad("half a surrogate", b'{"prompt": "\\ud800"}', code="invalid_json"),
    Bad("invalid UTF-8", b'{"prompt": "\xff\xfe"}', code="invalid_json"),
    Bad("form instead of JSON", b"prompt=a+cat", code="invalid_json"),
    Bad("JSON list", [{"prompt": "a cat"}]),
    Bad("JSON null", b"null"),
    Bad("JSON text", b'"a cat"'),
    Bad("empty body", b"", param="prompt"),
]

ID_ROUTES = [
    ("GET", "/v1/jobs/{id}"),
    ("DELETE", "/v1/jobs/{id}"),
    ("GET", "/v1/tasks/{id}"),
    ("GET", "/v1/images/{id}"),
    ("GET", "/images?id={id}"),
    ("HEAD", "/images?id={id}"),
]
FILE_ROUTES = [("GET", "/images/{id}.png"), ("HEAD", "/images/{id}.png")]

WRONG_KEY = {"authorization": "Bearer not-a-key-of-this-gateway"}
NO_KEY = {"authorization": ""}

REQUESTS = [
    Odd("GET generations", "GET", GENERATIONS, 405, "method_not_allowed"),
    Odd("HEAD generations", "HEAD", GENERATIONS, 405, "method_not_allowed"),
    Odd("PUT generations", "PUT", GENERATIONS, 405, "method_not_allowed"),
    Odd("PATCH a job", "PATCH", "/v1/jobs/some-job", 405, "method_not_allowed"),
    Odd("POST models", "POST", "/v1/models", 405, "method_not_allowed"),
    Odd("DELETE a model", "DELETE", "/v1/models/sketch", 405, "method_not_allowed"),
    Odd("POST a file", "POST", "/images/some-file.png", 405, "method_not_allowed"),
    Odd("POST ping", "POST", "/ping", 405, "method_not_allowed"),
    Odd("unknown path", "GET", "/v1/nope", 404, "unknown_url"),
    Odd("unknown path without key", "GET", "/nope", 404, "unknown_url", headers=NO_KEY),
    Odd("v1 alone", "GET", "/v1", 404, "unknown_url"),
    Odd("v2 after v1", "GET", "/v1/v2/models", 404, "unknown_url"),
    Odd("a way out of the root", "GET", "/v1/models/../../etc/passwd", 404, "unknown_url"),
    Odd("jobs without an id", "GET", "/v1/jobs/", 404, "unknown_url"),
    Odd("tasks without an id", "GET", "/v1/tasks/", 404, "unknown_url"),
    Odd("file without a name", "GET", "/images/.png", 404, "not_found", "id"),
    Odd("unknown model", "GET", "/v1/models/nope", 404, "model_not_found", "model"),
    Odd("job file without id", "GET", "/images", 400, "invalid_value", "id"),
    Odd("no key", "GET", "/v1/models", 401, "invalid_api_key", headers=NO_KEY),
    Odd("wrong key", "GET", "/v1/models", 401, "invalid_api_key", headers=WRONG_KEY),
    Odd("no key for a job", "GET", "/v1/jobs/some-job", 401, "invalid_api_key", headers=NO_KEY),
    Odd("no key for an order", "POST", GENERATIONS, 401, "invalid_api_key", headers=NO_KEY),
    Odd("wrong key for an order", "POST", GENERATIONS, 401, "invalid_api_key", headers=WRONG_KEY),
]


def assert_refused(response: httpx.Response, status: int, code: str, param: str | None, zimage: ZImage) -> None:
    """As every refusal has to be, for whoever reads it: program, person or browser."""
    if response.request.method == "HEAD":
        assert (response.status_code, response.content) == (status, b"")
    else:
        assert_error(response, status, code, param)
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "x-should-retry" in response.headers["access-control-expose-headers"]
    said = f"{response.text} {response.headers}"
    assert not [secret for secret in (SECRET, API_KEY, OTHER_KEY, "Traceback", "/shared/") if secret in said]
    assert zimage.submits == []


@pytest.mark.parametrize("bad", BODIES, ids=lambda bad: bad.name)
def test_a_bad_body_is_refused(client: httpx.Client, zimage: ZImage, bad: Bad) -> None:
    body = {"user": SECRET, **bad.body} if isinstance(bad.body, dict) else bad.body
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = client.post(GENERATIONS, headers={"origin": ORIGIN}, **sent)
    assert_refused(answer, bad.status, bad.code, bad.param, zimage)
    assert answer.json()["detail"] == {"error": answer.json()["error"]}, "where older clients look for it"


@pytest.mark.parametrize("odd", REQUESTS, ids=lambda odd: odd.name)
def test_an_odd_request_is_refused(client: httpx.Client, zimage: ZImage, odd: Odd) -> None:
    path = httpx.URL(client.base_url).copy_with(raw_path=odd.path.encode())
    answer = client.request(odd.method, path, headers={"origin": ORIGIN, **odd.headers})
    assert_refused(answer, odd.status, odd.code, odd.param, zimage)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", GENERATIONS, {"POST"}),
        ("PUT", "/v1/jobs/some-job", {"GET", "HEAD", "DELETE"}),
        ("POST", "/v1/models", {"GET", "HEAD"}),
        ("DELETE", "/images/some-file.png", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(client: httpx.Client, method: str, path: str, allow: set[str]) -> None:
    assert set(client.request(method, path).headers["allow"].split(", ")) == allow


def test_a_missing_key_is_told_how_to_send_one(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers=NO_KEY)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization" in assert_error(answer, 401, "invalid_api_key")["message"]


def test_a_body_that_is_too_large_is_told_both_numbers(client: httpx.Client, zimage: ZImage) -> None:
    body = b'{"prompt": "a cat", "user": "' + b"x" * (10 << 20) + b'"}'
    answer = client.post(GENERATIONS, content=body, headers={"origin": ORIGIN})
    assert_refused(answer, 413, "request_too_large", None, zimage)
    message = answer.json()["error"]["message"]
    assert str(len(body)) in message
    assert str(4 << 20) in message


def test_a_body_of_unknown_length_is_measured_as_it_comes(client: httpx.Client, zimage: ZImage) -> None:
    answer = client.post(GENERATIONS, content=iter([b" " * (1 << 20)] * 10), headers={"origin": ORIGIN})
    assert_refused(answer, 413, "request_too_large", None, zimage)


@pytest.mark.parametrize("prefix", ["/v1", ""])
@pytest.mark.parametrize("spoil", ["tampered", "foreign", "expired", "of another kind", "endless", "odd"])
@pytest.mark.parametrize(("method", "route"), ID_ROUTES + FILE_ROUTES)
def test_an_id_that_is_not_ours_is_unknown(
    client: httpx.Client, zimage: ZImage, method: str, route: str, spoil: str, prefix: str
) -> None:
    path = route.replace("/v1", prefix).replace("{id}", BAD_IDS[spoil](client, (method, route) in FILE_ROUTES))
    zimage.submits.clear()
    before = len(zimage.calls)
    answer = client.request(method, path, headers={"origin": ORIGIN})
    assert_refused(answer, 404, "not_found", "id", zimage)
    assert len(zimage.calls) == before


def one_id(client: httpx.Client, is_file: bool) -> str:
    return asset_id(file_url(client)) if is_file else str(start_job(client)["id"])


def tampered(client: httpx.Client, is_file: bool) -> str:
    ours = one_id(client, is_file)
    return ours.replace("zimage-turbo", "zimage-trubo")


def foreign(client: httpx.Client, is_file: bool) -> str:
    job = tickets().job(start_job(client)["id"])
    theirs = tickets(keys=("somebody else's signing key",))
    return theirs.file_id(ResultFile(job, 0)) if is_file else theirs.issue(job).id


def expired(client: httpx.Client, is_file: bool) -> str:
    job = tickets().job(start_job(client)["id"])
    old = job._replace(created=job.created - 24 * 3600)
    return tickets().file_id(ResultFile(old, 0)) if is_file else tickets().issue(old).id


def of_another_kind(client: httpx.Client, is_file: bool) -> str:
    return one_id(client, not is_file)


BAD_IDS: dict[str, Callable[[httpx.Client, bool], str]] = {
    "tampered": tampered,
    "foreign": foreign,
    "expired": expired,
    "of another kind": of_another_kind,
    "endless": lambda client, is_file: "a~" * 2000,
    "odd": lambda client, is_file: "%E5%90%8D%00%0A~~",
}


@pytest.mark.parametrize(("method", "route"), ID_ROUTES)
def test_the_job_of_another_caller_is_unknown(gateway: Gateway, zimage: ZImage, method: str, route: str) -> None:
    with gateway.client() as owner, gateway.client(OTHER_KEY) as other:
        job_id = start_job(owner)["id"]
        zimage.submits.clear()
        answer = other.request(method, route.replace("{id}", job_id), headers={"origin": ORIGIN})
        assert_refused(answer, 404, "not_found", "id", zimage)


def test_all_unknown_ids_get_one_message(client: httpx.Client, gateway: Gateway) -> None:
    ours = one_id(client, is_file=False)
    bad = [make(client, False) for make in BAD_IDS.values()]
    said = {client.get(f"/v1/jobs/{text}").json()["error"]["message"] for text in bad}
    with gateway.client(OTHER_KEY) as other:
        said.add(other.get(f"/v1/jobs/{ours}").json()["error"]["message"])
    assert len(said) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/images?id={id}&index=1", 404, "not_found"),
        ("GET", "/images?id={id}&index=-1", 404, "not_found"),
        ("GET", "/images?id={id}&index=x", 404, "not_found"),
        ("GET", "/images?id={id}&index=" + "9" * 5000, 404, "not_found"),
    ],
)
def test_a_picture_that_the_job_does_not_have(
    client: httpx.Client, zimage: ZImage, method: str, path: str, status: int, code: str
) -> None:
    job_id = start_job(client)["id"]
    assert_error(client.request(method, path.replace("{id}", job_id)), status, code, "id")


def test_an_idempotency_key_may_not_be_endless(client: httpx.Client, zimage: ZImage) -> None:
    answer = order(client, {"idempotency-key": "k" * 256, "origin": ORIGIN})
    assert_refused(answer, 400, "invalid_value", "Idempotency-Key", zimage)


OPTIONAL = [
    *("model", "n", "size", "width", "height", "aspect_ratio", "response_format", "stream", "partial_images"),
    *("negative_prompt", "seed", "delay", "quality", "style", "background", "moderation", "output_format", "user"),
    *("output_compression", "safety_identifier", "complexity", "svg", "image", "mask", "metadata"),
]


def test_null_is_as_good_as_absent(client: httpx.Client, zimage: ZImage) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a cat", **dict.fromkeys(OPTIONAL)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0].keys() == {"url", "b64_json"}
    assert "easel-ignored" not in answer.headers
    assert zimage.submits[0].order.width == 1024


@pytest.mark.parametrize(("name", "text"), [("n", "2"), ("seed", "7"), ("width", "512"), ("partial_images", "0")])
def test_numbers_may_come_as_text(client: httpx.Client, zimage: ZImage, name: str, text: str) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a cat", "height": 512, name: text})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == (2 if name == "n" else 1)


def test_stream_may_come_as_text(client: httpx.Client, zimage: ZImage) -> None:
    assert order(client, stream="true").headers["content-type"].startswith("text/event-stream")


def test_what_has_no_effect_is_accepted_and_named(client: httpx.Client, zimage: ZImage) -> None:
    answer = order(client, quality="hd", style="vivid", seed=7, negative_prompt="dogs", extra_headers={"a": "b"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["easel-ignored"] == "extra_headers, negative_prompt, quality, style"
    assert zimage.submits[0].order.seed == "7"


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("a\r\nx-evil: 1", "a%0D%0Ax-evil%3A%201"),
        ("a, b", "a%2C%20b"),
        ("名", "%E5%90%8D"),
        ("naïve", "na%C3%AFve"),
        ("\x00", "%00"),
        ("tags[]", "tags[]"),
    ],
)
def test_a_field_of_any_name_can_be_named_in_a_header(
    client: httpx.Client, zimage: ZImage, name: str, named: str
) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a cat", name: 1})
    assert answer.status_code == 200, answer.text
    assert answer.headers["easel-ignored"] == named
    assert "x-evil" not in answer.headers


MANY = [f"field-{number:03}-of-many" for number in range(100)]


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["x" * 100_000, "y"], ["y"]),
        (["x" * 999, "y"], ["y"]),
        (["x" * 995, "y"], ["x" * 995, "y"]),
        (["名" * 300, "y"], ["y"]),
        (MANY, MANY[:52]),
    ],
    ids=["endless", "too long", "just short enough", "too long when quoted", "many"],
)
def test_ignored_names_are_named_whole_while_there_is_room(
    client: httpx.Client, zimage: ZImage, names: list[str], named: list[str]
) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a cat", "response_format": "url"} | dict.fromkeys(names, 1))
    assert answer.status_code == 200, answer.text
    assert answer.headers["easel-ignored"].split(", ") == named
    assert len(answer.headers["easel-ignored"]) <= 1000


@pytest.mark.parametrize(
    ("param", "value", "error"),
    [("size", "banana", openai.BadRequestError), ("model", "nope", openai.NotFoundError)],
)
def test_the_sdk_raises_its_own_errors(
    sdk: openai.OpenAI, zimage: ZImage, param: str, value: str, error: type[openai.APIStatusError]
) -> None:
    with pytest.raises(error) as raised:
        sdk.images.generate(prompt="a cat", extra_body={param: value})
    assert raised.value.param == param
    assert param in str(raised.value)
    assert raised.value.request_id
    assert zimage.calls == []
